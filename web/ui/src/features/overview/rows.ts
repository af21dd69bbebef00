/** The overview's table: what it has of each endpoint, and how it is sorted. */

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

export type Column = 'name' | 'state' | 'requests' | 'errors' | 'p99' | 'gpu' | 'cpu' | 'alerts';

export interface Sort {
  column: Column;
  descending: boolean;
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

/** Worst first: what has alerts, by their severity, then what misses instances, then by its share of errors. */
function badness(row: EndpointRow): number[] {
  return [row.severity === null ? 9 : row.severity, -row.alerts, row.scope.state === 'ready' ? 1 : 0, -(row.errors ?? 0)];
}

function compareLists(a: number[], b: number[]): number {
  for (let i = 0; i < a.length; i++) {
    const d = (a[i] ?? 0) - (b[i] ?? 0);
    if (d !== 0) return d;
  }
  return 0;
}

/** Rows in order. What has no value is last, either way. */
export function sortRows(rows: readonly EndpointRow[], sort: Sort): EndpointRow[] {
  const turn = sort.descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    let order: number;
    if (sort.column === 'name') order = a.name.localeCompare(b.name, 'en', { numeric: true }) * turn;
    else if (sort.column === 'state') order = -compareLists(badness(a), badness(b)) * turn;
    else {
      const [x, y] = [a[sort.column], b[sort.column]];
      if (x === null || y === null) order = x === y ? 0 : x === null ? 1 : -1;
      else order = (x - y) * turn;
    }
    return order !== 0 ? order : a.name.localeCompare(b.name, 'en', { numeric: true });
  });
}

/** Endpoints whose name, or the name of anything below, contains a text. */
export function filterRows(rows: readonly EndpointRow[], text: string): EndpointRow[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [...rows];
  const has = (scope: Scope): boolean => scope.name.toLowerCase().includes(wanted) || (scope.children ?? []).some(has);
  return rows.filter((row) => has(row.scope));
}
