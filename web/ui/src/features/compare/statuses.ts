/** How the requests of scopes were answered, by the endpoint's status and the model's. */

import type { MetricsAnswer } from '@/api/types';

export interface StatusRow {
  status: string;
  model: string;
  /** Of each scope the share of its requests; null for a scope without any. */
  shares: (number | null)[];
}

/** A row for each pair of statuses, failures first, the most frequent of them at the top. */
export function statusRows(scopes: readonly string[], answer: MetricsAnswer): { rows: StatusRow[]; totals: number[] } {
  const counts = new Map<string, { status: string; model: string; of: number[] }>();
  for (const s of answer.series) {
    const at = scopes.indexOf(s.scope);
    const value = s.values[0] ?? 0;
    if (at < 0 || value === 0) continue;
    const [status = '', model = ''] = [s.dimensions.statusCode, s.dimensions.modelStatusCode];
    const key = `${status} ${model}`;
    const row = counts.get(key) ?? { status, model, of: scopes.map(() => 0) };
    row.of[at] = (row.of[at] ?? 0) + value;
    counts.set(key, row);
  }
  const totals = scopes.map((_, i) => [...counts.values()].reduce((n, r) => n + (r.of[i] ?? 0), 0));
  const share = (n: number, i: number) => (totals[i] === 0 ? null : n / (totals[i] ?? 1));
  const failed = (r: StatusRow) => r.status >= '400';
  const most = (r: StatusRow) => Math.max(...r.shares.map((s) => s ?? 0));
  const rows = [...counts.values()].map(({ status, model, of }): StatusRow => ({ status, model, shares: of.map(share) }));
  rows.sort((a, b) => Number(failed(b)) - Number(failed(a)) || most(b) - most(a) || a.status.localeCompare(b.status));
  return { rows, totals };
}
