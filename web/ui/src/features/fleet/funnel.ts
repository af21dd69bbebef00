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

/** What the hours are added up by: a level of scopes, or what the GPU is or is in. */
export const groups = ['endpoint', 'deployment', 'instance', 'node', 'gpuModel'] as const;

export type By = (typeof groups)[number];

const depth: Partial<Record<By, number>> = { endpoint: 1, deployment: 2, instance: 3 };

/** The scope and the split of the question for hours by something. A level needs all of its scopes, a dimension only endpoints. */
export function hoursQuestion(by: By): { scope: string; split: string } {
  const level = depth[by];
  return level === undefined ? { scope: '*', split: `${by},State` } : { scope: Array.from({ length: level }, () => '*').join('/'), split: 'State' };
}

/** Funnels by scope or by the value of a dimension, from GpuHours split by State. What does not tell the dimension has an empty key. */
export function funnels(answer: MetricsAnswer, by: By): Map<string, Funnel> {
  const out = new Map<string, Funnel>();
  const level = depth[by];
  for (const series of answer.series) {
    const hours = series.values[0] ?? 0;
    const key = level === undefined ? (series.dimensions[by] ?? '') : scopeParts(series.scope).slice(0, level).join('/');
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
