/** Questions to the server as the pages ask them. Each has a key that does not depend on the time, and is asked again by the page's refresh. */

import { useQuery } from '@tanstack/react-query';
import { resolveRange } from '@/lib/time';
import type { PageView } from '@/lib/urlstate';
import { api, body } from './client';
import { previousTime } from './previous';
import { refreshed } from './refreshed';
import type { Alert, MetricsQuestion } from './types';

type Question = Omit<MetricsQuestion, 'start' | 'end' | 'timespan'>;

/** Metrics over the page's time range, with its comparison. */
export function useMetrics(question: Question, view: PageView, enabled = true) {
  const compare = question.compare ?? view.compare;
  const asked = compare === '' ? question : { ...question, compare };
  const queryKey = ['metrics', asked, view.range];
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const { start, end } = resolveRange(view.range, Date.now());
      return body(await api().POST('/api/v1/metrics', { body: { ...asked, start: start / 1000, end: end / 1000 }, signal }));
    },
    enabled,
    refetchInterval: view.refresh || false,
    placeholderData: previousTime(queryKey),
  });
  return refreshed(query, view.refresh);
}

/** The tree of endpoints, deployments and instances. */
export function useScopes(view: PageView) {
  const query = useQuery({
    queryKey: ['scopes'],
    queryFn: async ({ signal }) => body(await api().GET('/api/v1/scopes', { signal })).scopes,
    refetchInterval: view.refresh || false,
  });
  return refreshed(query, view.refresh);
}

/** The catalogue, by name of the metric. It changes with the server only. */
export function useDefinitions() {
  return useQuery({
    queryKey: ['definitions'],
    queryFn: async ({ signal }) => body(await api().GET('/api/v1/metric-definitions', { signal })).definitions,
    staleTime: Infinity,
  });
}

/** How many alerts are fired now. */
export function useFiredTotal(view: PageView) {
  const query = useQuery({
    queryKey: ['alerts', 'fired', 'total'],
    queryFn: async ({ signal }) => body(await api().GET('/api/v1/alerts/summary', { params: { query: { monitorCondition: 'Fired', groupby: 'severity' } }, signal })).total,
    refetchInterval: view.refresh || false,
  });
  return refreshed(query, view.refresh);
}

/** A server answers so many alerts at once, and a page asks for so many of those. */
const alertsAtOnce = 1000;
const mostPages = 5;

/** Alerts that are fired now, at or below a scope or everywhere, the most severe first; cut where there are more than a page asks for. */
export function useFiredAlerts(view: PageView, scope?: string) {
  const query = useQuery({
    queryKey: ['alerts', 'fired', 'list', scope ?? null],
    queryFn: async ({ signal }): Promise<FiredAlerts> => {
      const question = { monitorCondition: 'Fired', sort: 'severity', order: 'asc', limit: alertsAtOnce, ...(scope === undefined ? {} : { scope }) } as const;
      const alerts: Alert[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < mostPages; page++) {
        const answer = body(await api().GET('/api/v1/alerts', { params: { query: { ...question, ...(cursor === undefined ? {} : { cursor }) } }, signal }));
        alerts.push(...(answer.value ?? []));
        cursor = cursorOf(answer.nextLink);
        if (cursor === undefined) break;
      }
      return { alerts, cut: cursor !== undefined };
    },
    refetchInterval: view.refresh || false,
  });
  return refreshed(query, view.refresh);
}

export interface FiredAlerts {
  alerts: Alert[];
  cut: boolean;
}

/** Where the next page of a list begins; undefined after the last. */
export function cursorOf(nextLink: string | undefined): string | undefined {
  if (nextLink === undefined) return undefined;
  return new URL(nextLink, 'http://server').searchParams.get('cursor') ?? undefined;
}

/** Which program the server is and where its pages link to. It changes with the server only. */
export function useServer() {
  return useQuery({
    queryKey: ['server'],
    queryFn: async ({ signal }) => body(await api().GET('/version', { signal })),
    staleTime: Infinity,
  });
}
