import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { api, baseURL, body } from '@/api/client';
import { problemOf, unreachable } from '@/api/problem';
import { refreshed } from '@/api/refreshed';
import type { PageView } from '@/lib/urlstate';
import { parseExposition, Readings, type Sample } from './exposition';

/** The server's own metrics, now and at the refresh before. */
export function useServerMetrics(view: PageView) {
  const before = useRef<{ at: number; samples: Sample[] } | undefined>(undefined);
  const query = useQuery({
    queryKey: ['own metrics'],
    queryFn: async ({ signal }) => {
      const response = await fetch(`${baseURL()}/metrics`, { signal, headers: { Accept: 'text/plain' }, credentials: 'same-origin' }).catch((error: unknown) => {
        throw signal.aborted ? error : unreachable(error);
      });
      if (!response.ok) throw await problemOf(response);
      const now = { at: Date.now(), samples: parseExposition(await response.text()) };
      const last = before.current;
      before.current = now;
      return new Readings(now.samples, last?.samples, last === undefined ? 0 : (now.at - last.at) / 1000);
    },
    refetchInterval: view.refresh || 10_000,
    structuralSharing: false,
  });
  return refreshed(query, view.refresh || 10_000);
}

interface Vector {
  metric: Record<string, string>;
  value: number;
}

async function instant(query: string, signal: AbortSignal): Promise<Vector[]> {
  const answer = body(await api().GET('/api/v1/query', { params: { query: { query } }, signal })) as { data?: { result?: { metric: Record<string, string>; value: [number, string] }[] } };
  return (answer.data?.result ?? []).map((r) => ({ metric: r.metric, value: Number(r.value[1]) }));
}

/** What an agent tells of itself. */
export interface AgentRow {
  scope: string;
  /** The scope, and where an agent is of one container of an instance the container's name. */
  name: string;
  version: string;
  /** Age of the oldest data that it has not delivered, in seconds. Of one that delivers all at once, the age of what it delivered last. */
  lag: number | null;
  spool: number | null;
  /** Samples that it dropped, per minute, over the last hour. */
  dropped: number | null;
  /** Rows of logs that it dropped, as dropped. */
  lostRows: number | null;
  memory: number | null;
  cpu: number | null;
}

const of = 'endpoint, deployment, instance, container';
const agentQueries = {
  version: `agent_build_info`,
  // The age was so when it was told. An agent that is cut off tells of no other, and what it told last grows older.
  lag: `max by (${of}) ({__name__=~"agent_spool_oldest_age_seconds|agent_log_spool_oldest_age_seconds"}) + (time() - max by (${of}) (timestamp(agent_spool_oldest_age_seconds)))`,
  spool: `sum by (${of}) ({__name__=~"agent_spool_bytes|agent_log_spool_bytes"})`,
  dropped: `sum by (${of}) (rate(agent_dropped_samples_total[1h])) * 60`,
  lostRows: `sum by (${of}) (rate(endpoint_data_collection_errors_total[1h])) * 60`,
  memory: `max by (${of}) (agent_process_resident_memory_bytes)`,
  cpu: `max by (${of}) (rate(agent_process_cpu_seconds_total[5m])) * 100`,
} as const;

/** Every agent that reported in the last five minutes. */
export function useAgents(view: PageView) {
  const query = useQuery({
    queryKey: ['agents'],
    queryFn: ({ signal }) => askAgents(signal),
    refetchInterval: view.refresh || false,
  });
  return refreshed(query, view.refresh);
}

export async function askAgents(signal: AbortSignal): Promise<AgentRow[]> {
  const names = Object.keys(agentQueries) as (keyof typeof agentQueries)[];
  const answers = await Promise.all(names.map((n) => instant(agentQueries[n], signal)));
  return joinAgents(Object.fromEntries(names.map((n, i) => [n, answers[i] ?? []])) as Record<keyof typeof agentQueries, Vector[]>);
}

/** One row for each agent out of the answers to each question. */
export function joinAgents(answers: Record<keyof typeof agentQueries, Vector[]>): AgentRow[] {
  const scopeOf = (m: Record<string, string>) => [m.endpoint, m.deployment, m.instance].join('/');
  const nameOf = (m: Record<string, string>) => (m.container === undefined ? scopeOf(m) : `${scopeOf(m)} · ${m.container}`);
  const rows = new Map<string, AgentRow>();
  for (const v of answers.version) {
    const name = nameOf(v.metric);
    const version = v.metric.version ?? '';
    rows.set(name, { scope: scopeOf(v.metric), name, version: version === '' ? (v.metric.revision ?? '') : version, lag: null, spool: null, dropped: null, lostRows: null, memory: null, cpu: null });
  }
  for (const name of ['lag', 'spool', 'dropped', 'lostRows', 'memory', 'cpu'] as const) {
    for (const v of answers[name]) {
      const row = rows.get(nameOf(v.metric));
      if (row !== undefined && Number.isFinite(v.value)) row[name] = v.value;
    }
  }
  return [...rows.values()];
}

/** Series of each endpoint that had samples in the last five minutes. */
export function useSeriesByEndpoint(view: PageView) {
  const refresh = view.refresh === 0 ? 0 : 60_000; // it reads the whole index
  const query = useQuery({
    queryKey: ['series by endpoint'],
    queryFn: async ({ signal }) => (await instant('sort_desc(count by (endpoint) ({endpoint!=""}))', signal)).map((v) => ({ endpoint: v.metric.endpoint ?? '', series: v.value })),
    refetchInterval: refresh || false,
  });
  return refreshed(query, refresh);
}

/** Version, start and retention. */
export function useServerInfo() {
  return useQuery({
    queryKey: ['server info'],
    queryFn: async ({ signal }) => {
      const client = api();
      const [version, runtime] = await Promise.all([client.GET('/version', { signal }), client.GET('/api/v1/status/runtimeinfo', { signal })]);
      const data = (body(runtime) as { data?: { startTime?: string; storageRetention?: string } }).data;
      const v = body(version) as { version?: string; revision?: string };
      return { version: v.version || v.revision || 'unknown', started: data?.startTime, retention: data?.storageRetention };
    },
    staleTime: 60_000,
  });
}
