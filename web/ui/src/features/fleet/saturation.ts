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
  worst?: 'Maximum' | 'Minimum';
  /** What an instance has several of, each with a limit of its own: the mean over a full one and an empty one says nothing. */
  each?: 'gpu' | 'disk';
}

const percent = (value: number) => value / 100;

/** What counts as near a limit, by metric. */
export const limits: Readonly<Record<string, Limit>> = {
  RequestHeadroom: { what: 'Requests at once', hint: 'Requests that the engine works on, of the most it may', full: (v) => 1 - v, from: 0.9, worst: 'Minimum' },
  QueueShare: { what: 'Queue', hint: 'Share of their time in the engine that requests wait in its queue', full: (v) => v, from: 0.2 },
  CacheUtilization: { what: 'Cache of the model', hint: "The engine's key-value cache; full, it puts requests back", full: percent, from: 0.9, worst: 'Maximum' },
  GpuSmActivity: { what: 'GPU multiprocessors', hint: 'Share of the cycles in which they have work', full: percent, from: 0.85, worst: 'Maximum', each: 'gpu' },
  GpuDramActivity: { what: 'GPU memory bandwidth', hint: 'Share of the peak bandwidth that is used', full: percent, from: 0.8, worst: 'Maximum', each: 'gpu' },
  GpuMemoryUtilizationPercentage: { what: 'GPU memory', hint: 'Engines take most of it at their start; what is left is for everything else', full: percent, from: 0.97, worst: 'Maximum', each: 'gpu' },
  CpuUtilizationPercentage: { what: 'CPU', hint: 'Share of its CPUs, or of its limit, that an instance uses', full: percent, from: 0.9, worst: 'Maximum' },
  CpuMemoryUtilizationPercentage: { what: 'Memory', hint: 'Share of its memory, or of its limit, that an instance uses', full: percent, from: 0.9, worst: 'Maximum' },
  DiskUtilization: { what: 'Disk', hint: 'Share of the space of its disks that is used', full: percent, from: 0.85, worst: 'Maximum', each: 'disk' },
};

/** The aggregations and dimensions of a question are those of all of its metrics: one question for those that have the same. */
export const questions = {
  plain: asking((l) => l.worst === undefined),
  most: asking((l) => l.worst === 'Maximum' && l.each === undefined),
  least: asking((l) => l.worst === 'Minimum'),
  gpus: asking((l) => l.each === 'gpu'),
  disks: asking((l) => l.each === 'disk'),
};

function asking(which: (limit: Limit) => boolean) {
  const own = Object.entries(limits).filter(([, limit]) => which(limit));
  const [first] = own;
  const { worst, each } = first?.[1] ?? {};
  return { scope: '*/*/*', metric: own.map(([metric]) => metric), aggregation: ['Average', ...(worst === undefined ? [] : [worst])], ...(each === undefined ? {} : { split: [each] }), interval: 'full' };
}

/** Something that is near its limit. */
export interface Saturation {
  scope: string;
  metric: string;
  limit: Limit;
  /** Which GPU or disk of the instance; empty where it is of the instance as a whole. */
  which: string;
  /** How full it is on average, 0 to 1. */
  full: number;
  /** How full it was at its worst; null where nobody can tell. */
  worst: number | null;
}

/** Instances near a limit, fullest first: by their means, with the worst moments of the same. */
export function saturations(answers: readonly MetricsAnswer[]): Saturation[] {
  const series = answers.flatMap((a) => a.series).map((s) => ({ ...s, which: Object.values(s.dimensions).join(), value: s.values[0] ?? null }));
  const extremes = new Map(series.filter((s) => s.aggregation !== 'average').map((s) => [`${s.scope} ${s.metric} ${s.which}`, s.value] as const));
  const out: Saturation[] = [];
  for (const { scope, metric, which, value, aggregation } of series) {
    const limit = limits[metric];
    if (aggregation !== 'average' || limit === undefined || value === null) continue;
    const full = limit.full(value);
    if (full < limit.from) continue;
    const extreme = extremes.get(`${scope} ${metric} ${which}`) ?? null;
    out.push({ scope, metric, limit, which, full, worst: extreme === null ? null : limit.full(extreme) });
  }
  return out.sort((a, b) => b.full - a.full || a.scope.localeCompare(b.scope, 'en', { numeric: true }) || a.which.localeCompare(b.which, 'en', { numeric: true }));
}

/** Whether anything was measured of which it is known when it is full. */
export function isMeasured(answers: readonly MetricsAnswer[]): boolean {
  return answers.some((a) => a.series.some((s) => s.values.some((v) => v !== null)));
}
