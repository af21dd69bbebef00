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

/** The instants of a range query: multiples of the step, so that a refresh asks for the same ones again. The value at one is of the step before it, so the first is that of the step in which the span begins. */
export function gridOf({ start, end }: Span, step: number): number[] {
  const first = (Math.floor(start / step) + 1) * step;
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

/** The most series that are asked for of one expression, and one more, which says that there are more. */
export const mostAsked = 1000;
const mostDrawn = 100;

const highest = (s: PromSeries) => (s.values ?? []).reduce((high, [, text]) => (Number(text) > high ? Number(text) : high), Number.NEGATIVE_INFINITY);

/** The series that a chart has room for: of too many those with the greatest values. */
function drawnSeries(parts: readonly PromPart[]): ReadonlySet<PromSeries> {
  const all = parts.flatMap((p) => p.now.series.filter((s) => s.values !== undefined));
  if (all.length <= mostDrawn) return new Set(all);
  const ranked = all.map((s) => ({ s, high: highest(s) })).sort((a, b) => b.high - a.high);
  return new Set(ranked.slice(0, mostDrawn).map(({ s }) => s));
}

/** What a chart of expressions leaves out or cannot draw, and what the server says of them. */
export function promNotes(parts: readonly PromPart[]): string[] {
  const notes: string[] = [];
  const lines = parts.flatMap((p) => p.now.series.filter((s) => s.values !== undefined));
  const cut = parts.some((p) => p.now.series.length > mostAsked);
  const drawn = drawnSeries(parts);
  if (lines.length > drawn.size) notes.push(`Showing the ${drawn.size} with the greatest values of ${cut ? 'more than ' : ''}${Math.min(lines.length, cut ? parts.length * mostAsked : lines.length).toLocaleString('en-US')} series: topk(10, …) or sum by (…) make fewer`);
  const histograms = parts.reduce((n, p) => n + p.now.series.filter((s) => s.histograms !== undefined).length, 0);
  if (histograms > 0) notes.push(`${histograms === 1 ? 'A series is a histogram, which is' : `${histograms} series are histograms, which are`} no line: take histogram_quantile(0.9, …) or histogram_count(…) of it`);
  const odd = [...drawn].reduce((n, s) => n + (s.values ?? []).filter(([, text]) => !Number.isFinite(Number(text))).length, 0);
  if (odd > 0) notes.push(`${odd.toLocaleString('en-US')} ${odd === 1 ? 'value is' : 'values are'} infinite or no number, such as of a division by 0, and drawn as gaps`);
  const said = parts.flatMap((p) => p.now.warnings).filter((w) => !(cut && /truncated due to limit/.test(w)));
  return [...notes, ...new Set(said)];
}

/** What a chart shows of expressions, at the instants of a grid and those of the past. */
export function promData(parts: readonly PromPart[], grid: readonly number[], past: readonly number[], step: number, span: Span, unit: string): ChartData {
  const several = parts.length > 1;
  const drawn = drawnSeries(parts);
  const rows = parts.flatMap((part, n) => {
    const lines = part.now.series.filter((s) => drawn.has(s));
    const labels = promLabels(lines);
    const old = new Map((part.before?.series ?? []).map((s) => [promName(s.metric), s] as const));
    return lines.map((s, i): Omit<ChartSeries, 'colour'> => {
      const own = promName(s.metric);
      return { key: `${n} ${own}`, label: several ? `${n + 1}: ${labels[i] ?? own}` : (labels[i] ?? own), values: valuesAt(s, grid), past: part.before === undefined ? undefined : valuesAt(old.get(own) ?? { metric: {} }, past) };
    });
  });
  const colours = coloursFor(rows.map((r) => r.label));
  const series = rows.map((row, i): ChartSeries => ({ ...row, colour: colours[i] ?? { light: '#56606b', dark: '#a9b4c0' } }));
  // The value at an instant is that of what came before it, as /api/v1/metrics has it: a window begins a step earlier.
  return { times: grid.map((t) => t - step), interval: step, span, unit, series };
}
