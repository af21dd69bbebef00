/** The overview's table: what it has of each endpoint, and which is worst. */

import type { Alert, MetricsAnswer, MetricsSeries, Scope } from '@/api/types';
import { comparable, coverOf, meanRate } from '@/lib/rates';

export interface Reading {
  now: number | null;
  before: number | null;
}

export interface EndpointRow {
  name: string;
  scope: Scope;
  /** How many are open; null while that is not known. */
  alerts: number | null;
  /** Of the most severe open alert; 0 is worst. */
  severity: number | null;
  requests: Reading;
  errors: Reading;
  p99: Reading;
  gpu: number | null;
  cpu: number | null;
  trend: readonly (number | null)[];
  /** From when on there are data, where that is after the beginning of the time shown. */
  since: number | null;
}

export interface Answers {
  /** One value of each metric over the whole time, and of the time before. */
  totals: MetricsAnswer | undefined;
  /** Requests and CPU over time, and in the time before. */
  trends: MetricsAnswer | undefined;
  alerts: readonly Alert[] | undefined;
}

export function endpointRows(scopes: readonly Scope[], { totals, trends, alerts }: Answers): EndpointRow[] {
  const total = byScope(totals);
  const trend = byScope(trends);
  const fired = alertsByEndpoint(alerts ?? []);
  const partial = trends?.partial_from == null ? -1 : trends.timestamps.indexOf(trends.partial_from);
  const running = partial < 0 ? (trends?.timestamps.length ?? 0) : partial;
  return scopes.map((scope) => {
    const series = (metric: string) => total.get(scope.scope)?.get(metric);
    const lines = [...(trend.get(scope.scope)?.values() ?? [])];
    const requests = trend.get(scope.scope)?.get('RequestsPerMinute');
    const [now, before] = [coverOf(lines.map((s) => s.values)), coverOf(lines.map((s) => s.compare?.values ?? []))];
    const compared = now.share >= comparable && before.share >= comparable;
    const reading = (metric: string): Reading => ({ now: series(metric)?.values[0] ?? null, before: compared ? (series(metric)?.compare?.values[0] ?? null) : null });
    const rate = reading('RequestsPerMinute');
    if (requests !== undefined && !now.whole) rate.now = meanRate(requests.values, running);
    if (requests?.compare !== undefined && compared && !before.whole) rate.before = meanRate(requests.compare.values, requests.compare.values.length);
    const own = fired.get(scope.scope) ?? [];
    return {
      name: scope.name,
      scope,
      alerts: alerts === undefined ? null : own.length,
      severity: own.length === 0 ? null : Math.min(...own.map((a) => a.severity ?? 4)),
      requests: rate,
      errors: reading('ErrorRatio'),
      p99: reading('RequestLatency_P99'),
      gpu: reading('GpuUtilizationPercentage').now,
      cpu: reading('CpuUtilizationPercentage').now,
      trend: requests?.values ?? [],
      since: now.first === undefined || now.first === 0 ? null : (trends?.timestamps[now.first] ?? null),
    };
  });
}

/** The series of an answer by scope and metric. */
function byScope(answer: MetricsAnswer | undefined): Map<string, Map<string, MetricsSeries>> {
  const out = new Map<string, Map<string, MetricsSeries>>();
  for (const s of answer?.series ?? []) {
    const own = out.get(s.scope) ?? new Map<string, MetricsSeries>();
    out.set(s.scope, own.set(s.metric, s));
  }
  return out;
}

function alertsByEndpoint(alerts: readonly Alert[]): Map<string, Alert[]> {
  const out = new Map<string, Alert[]>();
  for (const a of alerts) {
    const endpoint = (a.scope ?? '').split('/')[0] ?? '';
    out.set(endpoint, [...(out.get(endpoint) ?? []), a]);
  }
  return out;
}

/** How bad it is, the greater the worse: alerts by their severity, then instances that are missing, then the share of errors. */
export function badness(row: EndpointRow): number {
  const alert = row.severity === null ? 0 : (5 - row.severity) * 1000 + Math.min(row.alerts ?? 0, 999);
  const missing = row.scope.ready === 0 ? 0.9 : row.scope.missing > 0 ? 0.5 : 0;
  return alert + missing + (row.errors.now ?? 0) / 10;
}

export const states = ['alerts', 'missing', 'silent', 'ready'] as const;

export type State = (typeof states)[number];

/** The states that an endpoint is in: alerts may be open whatever its instances do. */
export function statesOf(row: EndpointRow): State[] {
  const own: State = row.scope.ready === 0 ? 'silent' : row.scope.missing > 0 ? 'missing' : 'ready';
  return (row.alerts ?? 0) > 0 ? ['alerts', own] : [own];
}

/** Endpoints that are in a state, if one is wanted, and whose name, or the name of anything below, contains a text. */
export function filterRows(rows: readonly EndpointRow[], text: string, state?: State): EndpointRow[] {
  const wanted = text.trim().toLowerCase();
  const has = (scope: Scope): boolean => scope.name.toLowerCase().includes(wanted) || (scope.children ?? []).some(has);
  return rows.filter((row) => (state === undefined || statesOf(row).includes(state)) && (wanted === '' || has(row.scope)));
}
