/** For how much of the page's time there are data, and rates over that part only: what nobody measured is not a zero. */

import type { MetricsAnswer, MetricsSeries } from '@/api/types';
import { spanOf } from '@/components/chart/answer';
import { comparable, coverOf, meanRate, type Cover as Windows } from '@/lib/rates';
import type { Span } from '@/lib/time';
import { nothing, type Reading, type Summary } from './summary';

export interface Cover {
  /** The part of the windows that have data, from 0 to 1. */
  share: number;
  /** Start of the first window with data. */
  since: number | undefined;
}

export interface Coverage {
  now: Cover;
  before: Cover;
  span: Span;
}

/** From this part on a time counts as whole: its ends may lie within a window. */
const whole = 0.95;

/** Rates, whose mean over a time that was measured in part is too low: the server divides them by the whole time. */
const rates = new Set(['RequestsPerMinute', 'TokensPerSecond', 'GpuThrottleRatio']);

/** Totals, of which that of a part of the time cannot be compared with that of the whole. */
const totals = new Set(['InstanceRestarts']);

/** Metrics that tell that somebody measured: requests where there is a proxy, the CPU where there is an agent; and the rates. */
export const coverMetrics = ['RequestsPerMinute', 'TokensPerSecond', 'CpuUtilizationPercentage', 'GpuThrottleRatio'];

/** Where in an answer the windows begin that have not ended. */
function runningFrom({ partial_from: partial, timestamps }: MetricsAnswer): number {
  const at = partial == null ? -1 : timestamps.indexOf(partial);
  return at < 0 ? timestamps.length : at;
}

/** The windows that can have a value by now: one that runs may not have its first yet. */
function begun(values: readonly (number | null)[], running: number): readonly (number | null)[] {
  let end = values.length;
  while (end > running && values[end - 1] == null) end--;
  return values.slice(0, end);
}

interface Known {
  now: Windows;
  before: Windows;
}

function knownOf(series: readonly MetricsSeries[], running: number): Known {
  return { now: coverOf(series.map((s) => begun(s.values, running))), before: coverOf(series.map((s) => s.compare?.values ?? [])) };
}

/** How much of its time is known of a scope, out of an answer over time with a comparison. */
export function coverageOf(answer: MetricsAnswer, scope: string): Coverage {
  const span = spanOf(answer);
  const shift = answer.compare === undefined ? 0 : span.start - Date.parse(answer.compare.start);
  const { now, before } = knownOf(
    answer.series.filter((s) => s.scope === scope),
    runningFrom(answer),
  );
  const since = (first: number | undefined) => (first === undefined ? undefined : answer.timestamps[first]);
  const past = since(before.first);
  return { now: { share: now.share, since: since(now.first) }, before: { share: before.share, since: past === undefined ? undefined : past - shift }, span };
}

const isCompared = (metric: string, { now, before }: Known) => (totals.has(metric) ? now.whole && before.whole : now.share >= comparable && before.share >= comparable);

/**
 * A summary in which rates are those of the time with data, and nothing is compared that cannot be; without an answer over time, nothing
 * is. A rate goes by its own windows: what else measured all the time says nothing of it.
 */
export function honest(summary: Summary, answer: MetricsAnswer | undefined, scope: string): Summary {
  const own = answer?.series.filter((s) => s.scope === scope) ?? [];
  const running = answer === undefined ? 0 : runningFrom(answer);
  const all = knownOf(own, running);
  return (metric): Reading => {
    const { now, before } = summary(metric);
    if (now === null && before === null) return nothing;
    const series = rates.has(metric) ? own.find((s) => s.metric === metric) : undefined;
    if (series === undefined) return { now, before: isCompared(metric, all) ? before : null };
    const known = knownOf([series], running);
    const past = series.compare?.values ?? [];
    const old = known.before.whole ? before : meanRate(past, past.length);
    return { now: known.now.whole ? now : meanRate(series.values, running), before: isCompared(metric, known) ? old : null };
  };
}

/** Whether a time was measured from its beginning to its end. */
export function isWhole(cover: Cover): boolean {
  return cover.share >= whole;
}
