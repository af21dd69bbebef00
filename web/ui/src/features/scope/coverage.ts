/** For how much of the page's time there are data, and rates over that part only: what nobody measured is not a zero. */

import type { MetricsAnswer } from '@/api/types';
import { spanOf } from '@/components/chart/answer';
import { comparable, meanRate } from '@/lib/rates';
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

/** Metrics that tell that somebody measured: requests where there is a proxy, the CPU where there is an agent. */
export const coverMetrics = ['RequestsPerMinute', 'TokensPerSecond', 'CpuUtilizationPercentage'];

/** Counters whose mean over a time that was measured in part is too low. */
const rates = new Set(['RequestsPerMinute', 'TokensPerSecond']);

const none: Cover = { share: 0, since: undefined };

function coverOf(columns: readonly (readonly (number | null)[])[], times: readonly number[], shift: number): Cover {
  const some = times.map((_, i) => columns.some((c) => c[i] != null));
  const count = some.filter((s) => s).length;
  const first = times[some.indexOf(true)];
  return count === 0 || first === undefined ? none : { share: count / times.length, since: first - shift };
}

/** How much of its time is known of a scope, out of an answer of the coverMetrics with a comparison. */
export function coverageOf(answer: MetricsAnswer, scope: string): Coverage {
  const own = answer.series.filter((s) => s.scope === scope);
  const span = spanOf(answer);
  const shift = answer.compare === undefined ? 0 : span.start - Date.parse(answer.compare.start);
  return {
    now: coverOf(own.map((s) => s.values), answer.timestamps, 0),
    before: coverOf(own.map((s) => s.compare?.values ?? []), answer.timestamps, shift),
    span,
  };
}

/** A summary in which rates are those of the time with data, and nothing is compared that cannot be. */
export function honest(summary: Summary, answer: MetricsAnswer | undefined, scope: string): Summary {
  if (answer === undefined) return summary;
  const cover = coverageOf(answer, scope);
  const { partial_from: partial } = answer;
  const at = partial == null ? -1 : answer.timestamps.indexOf(partial);
  const running = at < 0 ? answer.timestamps.length : at;
  const compared = cover.now.share >= comparable && cover.before.share >= comparable;
  return (metric): Reading => {
    const { now, before } = summary(metric);
    if (now === null && before === null) return nothing;
    const series = rates.has(metric) ? answer.series.find((s) => s.scope === scope && s.metric === metric) : undefined;
    const rate = series !== undefined && cover.now.share < whole ? meanRate(series.values, running) : now;
    const old = series?.compare !== undefined && cover.before.share < whole ? meanRate(series.compare.values, series.compare.values.length) : before;
    return { now: rate, before: compared ? old : null };
  };
}

/** Whether a time was measured from its beginning to its end. */
export function isWhole(cover: Cover): boolean {
  return cover.share >= whole;
}
