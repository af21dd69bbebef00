/** The distribution of a latency or a size over time, out of the histograms that its percentiles are computed from. */

import type { HeatRow } from '@/components/chart/heat';
import { formatValue, type Unit } from '@/lib/units';
import type { PromSeries } from './promql';

/** The histogram within an expression for a percentile, and what its bounds are multiplied by to be in the metric's unit. */
export function histogramOf(expr: string): { expr: string; factor: number } | undefined {
  const head = /^histogram_quantile\([\d.]+, /.exec(expr)?.[0];
  if (head === undefined) return undefined;
  let depth = 1;
  let quoted = false;
  for (let i = head.length; i < expr.length; i++) {
    const c = expr[i];
    if (c === '"' && expr[i - 1] !== '\\') quoted = !quoted;
    if (quoted) continue;
    if (c === '(') depth++;
    if (c === ')' && --depth === 0) {
      const factor = /^ \* ([\d.e+-]+)$/.exec(expr.slice(i + 1))?.[1];
      return { expr: expr.slice(head.length, i), factor: factor === undefined ? 1 : Number(factor) };
    }
  }
  return undefined;
}

/** The name under which a metric of a distribution has its percentiles: RequestLatency for RequestLatency_P99. */
export function distributionOf(metric: string): string {
  return metric.replace(/_P\d+$/, '');
}

/** A bucket of a histogram: more than `from`, at most `to`. */
interface Bucket {
  from: number;
  to: number;
  count: number;
}

/** Adds the buckets of series to those of each time, in milliseconds. */
export function addBuckets(into: Map<number, Bucket[]>, series: readonly PromSeries[], factor: number): void {
  const cumulative = new Map<number, { le: number; count: number }[]>();
  for (const s of series) {
    for (const [t, h] of s.histograms ?? []) {
      const list = into.get(t * 1000) ?? [];
      for (const [, from, to, count] of h.buckets ?? []) list.push({ from: Number(from) * factor, to: Number(to) * factor, count: Number(count) });
      into.set(t * 1000, list);
    }
    const le = Number(s.metric.le === '+Inf' ? Number.POSITIVE_INFINITY : s.metric.le);
    if (Number.isNaN(le)) continue;
    for (const [t, value] of s.values ?? []) {
      const list = cumulative.get(t * 1000) ?? [];
      list.push({ le: le * factor, count: Number(value) });
      cumulative.set(t * 1000, list);
    }
  }
  for (const [t, list] of cumulative) {
    const sorted = list.sort((a, b) => a.le - b.le);
    const buckets = sorted.map(({ le, count }, i) => ({ from: sorted[i - 1]?.le ?? 0, to: le, count: count - (sorted[i - 1]?.count ?? 0) }));
    into.set(t, [...(into.get(t) ?? []), ...buckets]);
  }
}

/** Rows that a heat map has room for. */
const mostRows = 40;

/**
 * The rows of a heat map, the highest first: as many of equal ratio as there is room for. A bucket is counted in the row of its
 * middle; no request is a row's blank where nothing was measured, and 0 where something else was.
 */
export function heatRows(buckets: ReadonlyMap<number, readonly Bucket[]>, times: readonly number[], unit: Unit): HeatRow[] {
  const filled = [...buckets.values()].flat().filter((b) => b.count > 0);
  const positive = filled.filter((b) => b.to > 0 && Number.isFinite(b.to));
  if (positive.length === 0) return [];
  const low = Math.min(...positive.map((b) => (b.from > 0 ? b.from : b.to / 2)));
  const high = Math.max(...positive.map((b) => b.to));
  // Eight rows for a doubling at most, which is how finely the agent measures.
  const ratio = Math.max(2 ** (1 / 8), (high / low) ** (1 / mostRows));
  const count = Math.max(1, Math.ceil(Math.log(high / low) / Math.log(ratio) - 1e-6));
  const rowOf = (b: Bucket) => {
    if (!Number.isFinite(b.to)) return count - 1;
    const middle = b.from > 0 ? Math.sqrt(b.from * b.to) : b.to / 2;
    return Math.min(count - 1, Math.max(0, Math.floor(Math.log(middle / low) / Math.log(ratio))));
  };
  const cells = times.map((t) => {
    const list = buckets.get(t);
    if (list === undefined || list.every((b) => b.count === 0)) return undefined;
    const sums = new Array<number>(count).fill(0);
    for (const b of list) sums[rowOf(b)] = (sums[rowOf(b)] ?? 0) + b.count;
    return sums;
  });
  return Array.from({ length: count }, (_, i): HeatRow => {
    const row = count - 1 - i;
    const [from, to] = [low * ratio ** row, low * ratio ** (row + 1)];
    return { key: String(row), label: `${formatValue(from, unit)} – ${formatValue(to, unit)}`, mark: formatValue(to, unit), values: cells.map((sums) => sums?.[row] ?? null) };
  });
}
