/** One value of each metric over the whole time, now and in the time before. */

import type { MetricsAnswer } from '@/api/types';

export interface Reading {
  now: number | null;
  before: number | null;
}

export type Summary = (metric: string) => Reading;

export const nothing: Reading = { now: null, before: null };

/** The readings of one scope in an answer of one window. */
export function summaryOf(answer: MetricsAnswer | undefined, scope: string): Summary {
  const readings = new Map<string, Reading>();
  for (const s of answer?.series ?? []) {
    if (s.scope === scope) readings.set(s.metric, { now: s.values[0] ?? null, before: s.compare?.values[0] ?? null });
  }
  return (metric) => readings.get(metric) ?? nothing;
}

/** One summary that has what either has. */
export function together(first: Summary, second: Summary): Summary {
  return (metric) => {
    const own = first(metric);
    return own === nothing ? second(metric) : own;
  };
}

/** What the headline and most verdicts of a page are made from. A question has at most 20 metrics. */
export const summaryMetrics = [
  'RequestsPerMinute',
  'ErrorRatio',
  'Availability',
  'RequestLatency_P99',
  'RequestLatency_P50',
  'CpuUtilizationPercentage',
  'CpuMemoryUtilizationPercentage',
  'GpuUtilizationPercentage',
  'GpuSmActivity',
  'GpuTensorActivity',
  'GpuDramActivity',
  'GpuMemoryUtilizationPercentage',
  'GpuThrottleRatio',
  'GpuHours',
  'IdleGpuHours',
  'TokensPerSecond',
];

/** What models tell that make tokens or have a queue or a cache. */
export const modelMetrics = [
  'ModelRequestsRunning',
  'ModelRequestsWaiting',
  'QueueShare',
  'CacheUtilization',
  'PrefixCacheHitRatio',
  'ModelPreemptions',
  'TimeToFirstToken_P50',
  'TimeToFirstToken_P99',
  'InterTokenLatency_P50',
  'ModelTimeToFirstToken_P50',
  'ModelInterTokenLatency_P50',
];
