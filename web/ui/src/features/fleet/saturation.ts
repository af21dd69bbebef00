/** What is near a limit. */

import type { MetricsAnswer } from '@/api/types';

export interface Limit {
  what: string;
  hint: string;
  /** How full a value is, 0 to 1. */
  full: (value: number) => number;
  /** From which mean on it is told. */
  from: number;
  /** The aggregation of its worst moment, where it has one. */
  worst?: 'maximum' | 'minimum';
}

const percent = (value: number) => value / 100;

/** What counts as near a limit, by metric. */
export const limits: Readonly<Record<string, Limit>> = {
  RequestHeadroom: { what: 'Requests at once', hint: 'Requests that the engine works on, of the most it may', full: (v) => 1 - v, from: 0.9, worst: 'minimum' },
  QueueShare: { what: 'Queue', hint: 'Share of their time in the engine that requests wait in its queue', full: (v) => v, from: 0.2 },
  CacheUtilization: { what: 'Cache of the model', hint: "The engine's key-value cache; full, it puts requests back", full: percent, from: 0.9, worst: 'maximum' },
  GpuSmActivity: { what: 'GPU multiprocessors', hint: 'Share of the cycles in which they have work', full: percent, from: 0.85, worst: 'maximum' },
  GpuDramActivity: { what: 'GPU memory bandwidth', hint: 'Share of the peak bandwidth that is used', full: percent, from: 0.8, worst: 'maximum' },
  GpuMemoryUtilizationPercentage: { what: 'GPU memory', hint: 'Engines take most of it at their start; what is left is for everything else', full: percent, from: 0.97, worst: 'maximum' },
  CpuUtilizationPercentage: { what: 'CPU', hint: 'Share of its CPUs, or of its limit, that an instance uses', full: percent, from: 0.9, worst: 'maximum' },
  CpuMemoryUtilizationPercentage: { what: 'Memory', hint: 'Share of its memory, or of its limit, that an instance uses', full: percent, from: 0.9, worst: 'maximum' },
  DiskUtilization: { what: 'Disk', hint: 'Share of the space of its disks that is used', full: percent, from: 0.85, worst: 'maximum' },
};

export const meanMetrics = Object.keys(limits);
/** A question's aggregations are those of all of its metrics: those whose worst is the most, and those whose worst is the least. */
export const mostMetrics = meanMetrics.filter((m) => limits[m]?.worst === 'maximum');
export const leastMetrics = meanMetrics.filter((m) => limits[m]?.worst === 'minimum');

/** Something that is near its limit. */
export interface Saturation {
  scope: string;
  metric: string;
  limit: Limit;
  /** How full it is on average, 0 to 1. */
  full: number;
  /** How full it was at its worst; null where nobody can tell. */
  worst: number | null;
}

/** Instances near a limit, fullest first: by their means, with the worst moments of the same. */
export function saturations(means: MetricsAnswer, worst: readonly (MetricsAnswer | undefined)[]): Saturation[] {
  const extremes = new Map(worst.flatMap((a) => (a?.series ?? []).map((s) => [`${s.scope} ${s.metric}`, s.values[0] ?? null] as const)));
  const out: Saturation[] = [];
  for (const { scope, metric, values } of means.series) {
    const limit = limits[metric];
    const value = values[0];
    if (limit === undefined || value == null) continue;
    const full = limit.full(value);
    if (full < limit.from) continue;
    const extreme = extremes.get(`${scope} ${metric}`) ?? null;
    out.push({ scope, metric, limit, full, worst: extreme === null ? null : limit.full(extreme) });
  }
  return out.sort((a, b) => b.full - a.full || a.scope.localeCompare(b.scope, 'en', { numeric: true }));
}
