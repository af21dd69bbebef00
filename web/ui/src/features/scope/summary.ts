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

/** What the headline and the verdicts of a page are made from. A question has at most 20 metrics. */
export const summaryMetrics = [
  'RequestsPerMinute',
  'ErrorRatio',
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
  'QueueShare',
  'ModelRequestsWaiting',
  'CacheUtilization',
  'PrefixCacheHitRatio',
  'TokensPerSecond',
  'InstanceRestarts',
  'ReadyInstances',
  'RequestsInFlight',
];
