/** The overview's table: what it has of each endpoint, and which is worst. */

import type { Alert, MetricsAnswer, Scope } from '@/api/types';

export interface EndpointRow {
  name: string;
  scope: Scope;
  alerts: number;
  /** Of the most severe open alert; 0 is worst. */
  severity: number | null;
  requests: number | null;
  errors: number | null;
  p99: number | null;
  gpu: number | null;
  cpu: number | null;
  trend: readonly (number | null)[];
  before: { requests: number | null; errors: number | null; p99: number | null };
}

export function endpointRows(scopes: readonly Scope[], totals: MetricsAnswer | undefined, trends: MetricsAnswer | undefined, alerts: readonly Alert[]): EndpointRow[] {
  const value = (scope: string, metric: string) => {
    const series = totals?.series.find((s) => s.scope === scope && s.metric === metric);
    return { now: series?.values[0] ?? null, before: series?.compare?.values[0] ?? null };
  };
  return scopes.map((scope) => {
    const own = alerts.filter((a) => a.scope === scope.scope || a.scope?.startsWith(`${scope.scope}/`) === true);
    const [requests, errors, p99] = ['RequestsPerMinute', 'ErrorRatio', 'RequestLatency_P99'].map((m) => value(scope.scope, m));
    return {
      name: scope.name,
      scope,
      alerts: own.length,
      severity: own.length === 0 ? null : Math.min(...own.map((a) => a.severity ?? 4)),
      requests: requests?.now ?? null,
      errors: errors?.now ?? null,
      p99: p99?.now ?? null,
      gpu: value(scope.scope, 'GpuUtilizationPercentage').now,
      cpu: value(scope.scope, 'CpuUtilizationPercentage').now,
      trend: trends?.series.find((s) => s.scope === scope.scope)?.values ?? [],
      before: { requests: requests?.before ?? null, errors: errors?.before ?? null, p99: p99?.before ?? null },
    };
  });
}

/** How bad it is, the greater the worse: alerts by their severity, then instances that are missing, then the share of errors. */
export function badness(row: EndpointRow): number {
  const alert = row.severity === null ? 0 : (5 - row.severity) * 1000 + Math.min(row.alerts, 999);
  const missing = row.scope.ready === 0 ? 0.9 : row.scope.missing > 0 ? 0.5 : 0;
  return alert + missing + (row.errors ?? 0) / 10;
}

/** Endpoints whose name, or the name of anything below, contains a text. */
export function filterRows(rows: readonly EndpointRow[], text: string): EndpointRow[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [...rows];
  const has = (scope: Scope): boolean => scope.name.toLowerCase().includes(wanted) || (scope.children ?? []).some(has);
  return rows.filter((row) => has(row.scope));
}
