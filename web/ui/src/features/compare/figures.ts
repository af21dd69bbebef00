/** What is compared of scopes, figure by figure, each with its difference to the first. */

import type { MetricsAnswer, MetricsSeries } from '@/api/types';
import { comparable, coverOf, meanRate } from '@/lib/rates';
import { formatValue, type Unit } from '@/lib/units';

export interface FigureKind {
  metric: string;
  label: string;
  hint: string;
  unit: Unit;
  /** Which way is better; undefined where neither is. */
  better?: 'less' | 'more';
  /** Whether it is a rate, whose mean over a time that was measured in part is too low. */
  rate?: boolean;
}

/** A question has at most 20 metrics. */
export const figureKinds: readonly FigureKind[] = [
  { metric: 'RequestsPerMinute', label: 'Requests', hint: 'Requests per minute, over the time that has data', unit: 'CountPerMinute', rate: true },
  { metric: 'ErrorRatio', label: 'Errors', hint: 'Share of the requests that failed', unit: 'Ratio', better: 'less' },
  { metric: 'RequestLatency_P50', label: 'Latency P50', hint: 'Half of the requests took less than this', unit: 'Milliseconds', better: 'less' },
  { metric: 'RequestLatency_P90', label: 'Latency P90', hint: '90 of 100 requests took less than this', unit: 'Milliseconds', better: 'less' },
  { metric: 'RequestLatency_P99', label: 'Latency P99', hint: '99 of 100 requests took less than this', unit: 'Milliseconds', better: 'less' },
  { metric: 'ModelLatency_P99', label: 'Model P99', hint: '99 of 100 times the model took less than this to begin its answer', unit: 'Milliseconds', better: 'less' },
  { metric: 'TimeToFirstToken_P99', label: 'First token P99', hint: '99 of 100 streamed answers began sooner than this', unit: 'Milliseconds', better: 'less' },
  { metric: 'TokensPerSecond', label: 'Tokens', hint: 'Tokens read and made per second, over the time that has data', unit: 'CountPerSecond', rate: true },
  { metric: 'QueueShare', label: 'Waiting', hint: 'Share of their time in the engine that requests spent waiting in its queue', unit: 'Ratio', better: 'less' },
  { metric: 'CacheUtilization', label: 'Cache in use', hint: "Share of the engine's key-value cache that is used", unit: 'Percent' },
  { metric: 'CpuUtilizationPercentage', label: 'CPU', hint: 'Mean use of its CPUs', unit: 'Percent', better: 'less' },
  { metric: 'CpuMemoryUtilizationPercentage', label: 'Memory', hint: 'Mean use of its memory', unit: 'Percent', better: 'less' },
  { metric: 'GpuUtilizationPercentage', label: 'GPU', hint: 'Share of the time in which anything ran on its GPUs', unit: 'Percent' },
  { metric: 'GpuSmActivity', label: 'GPU SM activity', hint: 'Share of the cycles in which the multiprocessors had work', unit: 'Percent' },
  { metric: 'GpuMemoryUtilizationPercentage', label: 'GPU memory', hint: 'Mean use of the memory of its GPUs', unit: 'Percent', better: 'less' },
  { metric: 'GpuTemperature', label: 'GPU temperature', hint: 'Mean temperature of its GPUs', unit: 'Celsius', better: 'less' },
  { metric: 'InstanceRestarts', label: 'Restarts', hint: 'Restarts of instances in this time', unit: 'Count', better: 'less' },
];

export interface FigureCell {
  value: number | null;
  before: number | null;
  /** Against the first scope; null for the first, and where either has no value. */
  difference: Difference | null;
}

export interface Difference {
  absolute: number;
  /** As a part of the first's value; null where that is 0. */
  relative: number | null;
  /** Whether it is for the better; undefined where it is small or neither way is. */
  verdict?: 'better' | 'worse';
}

export interface FigureRow {
  kind: FigureKind;
  cells: FigureCell[];
}

/** From which part of the first's value on a difference is called better or worse. */
const telling = 0.1;

/** What is too little to be better or worse, whatever part of the first's value it is. */
const smallest: Readonly<Record<Unit, number>> = { Ratio: 0.001, Percent: 0.5, Milliseconds: 0.1 };

export function differenceOf(kind: Pick<FigureKind, 'better' | 'unit'>, first: number | null, value: number | null): Difference | null {
  if (first === null || value === null) return null;
  const absolute = value - first;
  const relative = first === 0 ? (absolute === 0 ? 0 : null) : absolute / Math.abs(first);
  const small = (relative !== null && Math.abs(relative) < telling) || Math.abs(absolute) < (smallest[kind.unit] ?? 0);
  if (kind.better === undefined || absolute === 0 || small) return { absolute, relative };
  return { absolute, relative, verdict: absolute < 0 === (kind.better === 'less') ? 'better' : 'worse' };
}

/** A row for each figure that any of the scopes has. `totals` has one value of each, `trends` the windows of them, to tell for what part of the time there are data. */
export function figureRows(scopes: readonly string[], totals: MetricsAnswer, trends: MetricsAnswer | undefined): FigureRow[] {
  const running = runningFrom(trends);
  return figureKinds
    .map((kind): FigureRow => {
      const cells = scopes.map((scope): Omit<FigureCell, 'difference'> => {
        const lines = (trends?.series ?? []).filter((s) => s.scope === scope);
        const [now, past] = [coverOf(lines.map((s) => s.values)), coverOf(lines.map((s) => s.compare?.values ?? []))];
        const series = seriesOf(totals, scope, kind.metric);
        const line = kind.rate === true ? seriesOf(trends, scope, kind.metric) : undefined;
        const value = line !== undefined && !now.whole ? meanRate(line.values, running) : (series?.values[0] ?? null);
        const old = line?.compare !== undefined && !past.whole ? meanRate(line.compare.values, line.compare.values.length) : (series?.compare?.values[0] ?? null);
        return { value, before: trends === undefined || (now.share >= comparable && past.share >= comparable) ? old : null };
      });
      const first = cells[0]?.value ?? null;
      return { kind, cells: cells.map((c, i) => ({ ...c, difference: i === 0 ? null : differenceOf(kind, first, c.value) })) };
    })
    .filter((row) => row.cells.some((c) => c.value !== null));
}

function seriesOf(answer: MetricsAnswer | undefined, scope: string, metric: string): MetricsSeries | undefined {
  return answer?.series.find((s) => s.scope === scope && s.metric === metric);
}

function runningFrom(answer: MetricsAnswer | undefined): number {
  const at = answer?.partial_from == null ? -1 : answer.timestamps.indexOf(answer.partial_from);
  return at < 0 ? (answer?.timestamps.length ?? 0) : at;
}

/** A difference with its sign and unit; of shares in percentage points. */
export function formatDifference(value: number, unit: Unit): string {
  if (value === 0) return '±0';
  const sign = value > 0 ? '+' : '−';
  const size = Math.abs(value);
  if (unit === 'Ratio' || unit === 'Percent') return `${sign}${formatValue(size, unit).replace('%', 'points')}`;
  return sign + formatValue(size, unit);
}

/** A part with its sign: +34 %, −12 %; from tenfold on how many times as much. */
export function formatRelative(relative: number | null): string {
  if (relative === null) return 'from 0';
  if (Math.abs(relative) < 0.0005) return '±0 %';
  if (relative >= 9) return `×${Math.round(relative + 1)}`;
  return `${relative > 0 ? '+' : '−'}${formatValue(Math.abs(relative), 'Ratio')}`;
}
