/** From GPUs that are paid for to GPUs that do work, in hours. */

import type { MetricsAnswer, MetricsSeries } from '@/api/types';
import { scopeParts } from '@/lib/scope';

/** Hours of GPU time. Each is a part of the one before. */
export interface Funnel {
  provisioned: number;
  /** Something holds the GPU. */
  bound: number;
  /** Something runs on it. */
  active: number;
  /** What runs uses much of the chip. */
  effective: number;
}

export const emptyFunnel: Funnel = { provisioned: 0, bound: 0, active: 0, effective: 0 };

/** Hours in which nobody used what was paid for. */
export const idleHours = (f: Funnel) => f.provisioned - f.active;

/** The states of gpu_time_seconds_total, and the steps of the funnel that an hour in one is part of. */
const steps: Record<string, (keyof Funnel)[]> = {
  unbound: ['provisioned'],
  bound_idle: ['provisioned', 'bound'],
  active: ['provisioned', 'bound', 'active'],
  effective: ['provisioned', 'bound', 'active', 'effective'],
};

export type By = 'endpoint' | 'deployment' | 'instance';

const depth: Record<By, number> = { endpoint: 1, deployment: 2, instance: 3 };

/** Funnels by scope, from GpuHours at every instance, split by State. */
export function funnels(answer: MetricsAnswer, by: By): Map<string, Funnel> {
  const out = new Map<string, Funnel>();
  for (const series of answer.series) {
    const hours = series.values[0] ?? 0;
    const key = scopeParts(series.scope).slice(0, depth[by]).join('/');
    const funnel = out.get(key) ?? { ...emptyFunnel };
    for (const step of steps[stateOf(series)] ?? ['provisioned']) funnel[step] += hours;
    out.set(key, funnel);
  }
  return out;
}

function stateOf(series: MetricsSeries): string {
  return series.dimensions.State ?? '';
}

export function sumFunnels(list: Iterable<Funnel>): Funnel {
  const sum = { ...emptyFunnel };
  for (const f of list) {
    for (const step of Object.keys(sum) as (keyof Funnel)[]) sum[step] += f[step];
  }
  return sum;
}

/** Something that is near its limit. */
export interface Saturation {
  scope: string;
  what: string;
  /** How full it is, 0 to 1. */
  full: number;
}

/** What counts as near a limit, by metric: how full a value is, from which on it is told, and its name. */
const limits: Record<string, { what: string; full: (value: number) => number; from: number }> = {
  CpuUtilizationPercentage: { what: 'CPU', full: (v) => v / 100, from: 0.9 },
  CpuMemoryUtilizationPercentage: { what: 'memory', full: (v) => v / 100, from: 0.9 },
  DiskUtilization: { what: 'disk', full: (v) => v / 100, from: 0.85 },
  GpuMemoryUtilizationPercentage: { what: 'GPU memory', full: (v) => v / 100, from: 0.97 },
  CacheUtilization: { what: 'cache of the model', full: (v) => v / 100, from: 0.9 },
  RequestHeadroom: { what: 'requests at once', full: (v) => 1 - v, from: 0.9 },
};

export const saturationMetrics = Object.keys(limits);

/** Instances near a limit, fullest first. */
export function saturations(answer: MetricsAnswer): Saturation[] {
  const out: Saturation[] = [];
  for (const series of answer.series) {
    const limit = limits[series.metric];
    const value = series.values[0];
    if (limit === undefined || value == null) continue;
    const full = limit.full(value);
    if (full >= limit.from) out.push({ scope: series.scope, what: limit.what, full });
  }
  return out.sort((a, b) => b.full - a.full || a.scope.localeCompare(b.scope, 'en', { numeric: true }));
}
