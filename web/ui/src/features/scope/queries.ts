import { useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { useMetrics } from '@/api/hooks';
import type { Scope } from '@/api/types';
import type { Mark } from '@/components/chart/model';
import { resolveRange } from '@/lib/time';
import { levels, scopeParts } from '@/lib/scope';
import type { PageView } from '@/lib/urlstate';
import { summaryMetrics } from './summary';

/** The scope with what is below it, out of the tree. */
export function useScope(scope: string, view: PageView) {
  const [endpoint = '', deployment = '', instance = ''] = scopeParts(scope);
  return useQuery({
    queryKey: ['scope', scope],
    queryFn: async ({ signal }): Promise<Scope> => {
      const client = api();
      if (instance !== '') return body(await client.GET('/api/v1/scopes/{endpoint}/{deployment}/{instance}', { params: { path: { endpoint, deployment, instance } }, signal }));
      if (deployment !== '') return body(await client.GET('/api/v1/scopes/{endpoint}/{deployment}', { params: { path: { endpoint, deployment } }, signal }));
      return body(await client.GET('/api/v1/scopes/{endpoint}', { params: { path: { endpoint } }, signal }));
    },
    refetchInterval: view.refresh || false,
  });
}

/** One value of each metric that the page speaks of, and of the time before. */
export function useSummary(scope: string, view: PageView) {
  return useMetrics({ scope, metric: summaryMetrics, interval: 'full', compare: view.compare || 'previous' }, view);
}

/** Columns of the logs that name a scope, by level. */
const columns = { endpoint: 'EndpointName', deployment: 'DeploymentName', instance: 'InstanceId' } as const;

/** The newest events of a scope. */
function eventsQuery(scope: string): string {
  const conditions = scopeParts(scope).map((part, i) => `${columns[levels[i] ?? 'instance']} == ${JSON.stringify(part)}`);
  return `AmlOnlineEndpointEventLog | where ${conditions.join(' and ')} | project TimeGenerated, InstanceId, Name, Message | order by TimeGenerated desc | take 200`;
}

/** What happened at a scope: one row for each event of its instances, newest first. */
export function useEvents(scope: string, view: PageView) {
  return useQuery({
    queryKey: ['events', scope, view.range],
    queryFn: async ({ signal }) => {
      const { start, end } = resolveRange(view.range, Date.now());
      const answer = body(await api().POST('/api/v1/logs/query', { body: { query: eventsQuery(scope), timespan: `${new Date(start).toISOString()}/${new Date(end).toISOString()}` }, signal }));
      return (answer.tables[0]?.rows ?? []).map((row) => ({ at: Date.parse(String(row[0])), instance: String(row[1]), name: String(row[2]), message: String(row[3]) }));
    },
    refetchInterval: view.refresh || false,
  });
}

export type ScopeEvent = NonNullable<ReturnType<typeof useEvents>['data']>[number];

/** Alerts of a scope that fired in the page's time. */
export function useAlertsOf(scope: string, view: PageView) {
  return useQuery({
    queryKey: ['alerts', scope, view.range],
    queryFn: async ({ signal }) => {
      const { start, end } = resolveRange(view.range, Date.now());
      const query = { scope, start: new Date(start).toISOString(), end: new Date(end).toISOString(), limit: 200 };
      return body(await api().GET('/api/v1/alerts', { params: { query }, signal })).value ?? [];
    },
    refetchInterval: view.refresh || false,
  });
}

/** Events that change what a chart shows; the rest are in the list of events. */
const telling = new Set(['Started', 'Killing', 'BackOff', 'Exited', 'OOMKilled', 'Ready', 'NotReady', 'Unhealthy', 'LivenessProbeFailed']);

/** What charts show above their time axis. */
export function marksOf(events: readonly ScopeEvent[], alerts: readonly { firedDateTime?: string; summary?: string; alertRule?: string }[]): Mark[] {
  return [
    ...events.filter((e) => telling.has(e.name)).map((e): Mark => ({ at: e.at, kind: 'event', label: `${e.instance}: ${e.message}` })),
    ...alerts.map((a): Mark => ({ at: Date.parse(a.firedDateTime ?? ''), kind: 'alert', label: a.summary ?? a.alertRule ?? 'alert' })),
  ].filter((m) => Number.isFinite(m.at));
}
