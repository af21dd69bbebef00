import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, body } from '@/api/client';
import { useDefinitions } from '@/api/hooks';
import { asProblem } from '@/api/problem';
import { dashboardEntries, metricEntries, pageEntries, queryEntries, ruleEntries, scopeEntries, type Kept } from './entries';
import type { Entry } from './rank';

const fresh = 30_000;

/** A page of the documents of a kind, by the path of one kind, which stands for those of all. */
async function pageOf(path: '/api/v1/alert-rules', query: Page, signal: AbortSignal): Promise<{ value: Kept[]; nextLink?: string } | undefined> {
  try {
    return body(await api().GET(path, { params: { query }, signal })) as { value: Kept[]; nextLink?: string };
  } catch (error) {
    if (asProblem(error).status === 404) return undefined;
    throw error;
  }
}

interface Page {
  limit: number;
  cursor?: string;
}

/** All documents of a kind. A server that does not know the kind has none. */
async function allOf(kind: string, signal: AbortSignal): Promise<Kept[]> {
  const path = `/api/v1/${kind}` as '/api/v1/alert-rules';
  const all: Kept[] = [];
  let query: Page | undefined = { limit: 1000 };
  while (query !== undefined) {
    const answer = await pageOf(path, query, signal);
    if (answer === undefined) return all;
    all.push(...answer.value);
    const cursor = answer.nextLink === undefined ? null : new URL(answer.nextLink, 'http://server').searchParams.get('cursor');
    query = cursor === null ? undefined : { limit: 1000, cursor };
  }
  return all;
}

function useKept(kind: string) {
  return useQuery({ queryKey: ['find', kind], queryFn: ({ signal }) => allOf(kind, signal), staleTime: fresh });
}

/** Everything that can be found, as far as it is known yet, and what could not be asked for. Metrics open at a scope. */
export function useEntries(scope: string): { entries: Entry[]; waiting: boolean; failed: string[] } {
  const scopes = useQuery({ queryKey: ['scopes'], queryFn: async ({ signal }) => body(await api().GET('/api/v1/scopes', { signal })).scopes, staleTime: fresh });
  const definitions = useDefinitions();
  const rules = useKept('alert-rules');
  const dashboards = useKept('dashboards');
  const queries = useKept('saved-queries');
  const entries = useMemo(
    () => [
      ...pageEntries(),
      ...scopeEntries(scopes.data ?? []),
      ...metricEntries(definitions.data ?? [], scope),
      ...ruleEntries(rules.data ?? []),
      ...dashboardEntries(dashboards.data ?? []),
      ...queryEntries(queries.data ?? []),
    ],
    [scopes.data, definitions.data, rules.data, dashboards.data, queries.data, scope],
  );
  const asked = { scopes, metrics: definitions, 'alert rules': rules, dashboards, queries };
  const failed = Object.entries(asked).flatMap(([what, q]) => (q.data === undefined && q.error !== null ? [what] : []));
  return { entries, waiting: Object.values(asked).some((q) => q.isPending), failed };
}
