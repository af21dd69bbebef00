/** Answers of Prometheus's query_range as charts have them. */

import type { ChartData, ChartSeries } from '@/components/chart/model';
import { coloursFor } from '@/lib/palette';
import { day, hour, minute, second, type Span } from '@/lib/time';

/** One series of a range query. A sample of a native histogram has its buckets: how they include their ends, from, to, and how many are in it. */
export interface PromSeries {
  metric: Record<string, string>;
  values?: [number, string][];
  histograms?: [number, { count: string; sum: string; buckets?: [number, string, string, string][] }][];
}

export interface PromAnswer {
  series: PromSeries[];
  warnings: string[];
}

/** Reads the answer of query_range; what it is has been said by the server only in words. */
export function readProm(answer: { data?: unknown; warnings?: string[]; infos?: string[] }): PromAnswer {
  const data = (answer.data ?? {}) as { resultType?: string; result?: unknown };
  const series = data.resultType === 'matrix' && Array.isArray(data.result) ? (data.result as PromSeries[]) : [];
  return { series, warnings: [...(answer.warnings ?? []), ...(answer.infos ?? [])] };
}

const steps = [second, 5 * second, 10 * second, 15 * second, 30 * second, minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 6 * hour, 12 * hour, day];

/** The shortest round step that gives about 300 points at most. */
export function stepFor(length: number): number {
  return steps.find((s) => length / s <= 300) ?? Math.ceil(length / 300 / day) * day;
}

/** The instants of a range query: multiples of the step, so that a refresh asks for the same ones again. */
export function gridOf({ start, end }: Span, step: number): number[] {
  const first = Math.ceil(start / step) * step;
  const count = Math.max(0, Math.floor((end - first) / step) + 1);
  return Array.from({ length: count }, (_, i) => first + i * step);
}

/** A series as PromQL writes it. */
export function promName({ __name__: name = '', ...labels }: Record<string, string>): string {
  const inner = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  if (inner.length === 0) return name === '' ? 'value' : name;
  return `${name}{${inner.join(', ')}}`;
}

/** Names of series, by the labels in which they differ; whole where that says nothing. */
export function promLabels(series: readonly PromSeries[]): string[] {
  const names = [...new Set(series.flatMap((s) => Object.keys(s.metric)))];
  const telling = names.filter((n) => new Set(series.map((s) => s.metric[n] ?? '')).size > 1);
  const short = series.map((s) => telling.map((n) => s.metric[n] ?? '').filter((v) => v !== ''));
  const labels = short.map((parts, i) => (parts.length === 0 ? promName(series[i]?.metric ?? {}) : parts.join(' · ')));
  return new Set(labels).size === labels.length ? labels : series.map((s) => promName(s.metric));
}

/** The values of a series at the instants of a grid; what is no number is no data. */
function valuesAt(series: PromSeries, grid: readonly number[]): (number | null)[] {
  const found = new Map((series.values ?? []).map(([t, text]) => [Math.round(t * 1000), Number(text)]));
  return grid.map((t) => {
    const value = found.get(t);
    return value === undefined || !Number.isFinite(value) ? null : value;
  });
}

/** An expression with its answers. */
export interface PromPart {
  expr: string;
  now: PromAnswer;
  before?: PromAnswer | undefined;
}

/** What a chart shows of expressions, at the instants of a grid and those of the past. */
export function promData(parts: readonly PromPart[], grid: readonly number[], past: readonly number[], step: number, span: Span, unit: string): ChartData {
  const several = parts.length > 1;
  const rows = parts.flatMap((part, n) => {
    const lines = part.now.series.filter((s) => s.values !== undefined);
    const labels = promLabels(lines);
    return lines.map((s, i): Omit<ChartSeries, 'colour'> => {
      const own = promName(s.metric);
      const old = part.before?.series.find((b) => promName(b.metric) === own);
      return { key: `${n} ${own}`, label: several ? `${n + 1}: ${labels[i] ?? own}` : (labels[i] ?? own), values: valuesAt(s, grid), past: part.before === undefined ? undefined : valuesAt(old ?? { metric: {} }, past) };
    });
  });
  const colours = coloursFor(rows.map((r) => r.label));
  const series = rows.map((row, i): ChartSeries => ({ ...row, colour: colours[i] ?? { light: '#56606b', dark: '#a9b4c0' } }));
  // The value at an instant is that of what came before it, as /api/v1/metrics has it: a window begins a step earlier.
  return { times: grid.map((t) => t - step), interval: step, span, unit, series };
}

/** How many series are histograms, which are no lines. */
export function histogramCount(parts: readonly PromPart[]): number {
  return parts.reduce((n, p) => n + p.now.series.filter((s) => s.histograms !== undefined).length, 0);
}
