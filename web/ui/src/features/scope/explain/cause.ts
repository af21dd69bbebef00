/** Where an explanation leads. */

import type { Explanation } from '@/api/types';
import { levelOf, scopeParts } from '@/lib/scope';

const levels = new Set(['deployment', 'instanceId']);

/** The narrowest scope on the way to the cause; values of other dimensions are no places. */
export function causeOf(e: Explanation): string {
  let scope = e.scope;
  for (const step of e.path) {
    if (!levels.has(step.dimension)) continue;
    const named = e.contributions.find((c) => c.dimension === step.dimension && c.value === step.value && c.scope.startsWith(`${scope}/`));
    scope = named?.scope ?? `${scope}/${step.value}`;
  }
  return scope;
}

/** The instances that explain most of a change, where there is no one cause. */
export function suspectsOf(e: Explanation): string[] {
  if (e.verdict !== 'several') return [];
  return e.contributions.filter((c) => c.dimension === 'instanceId' && levelOf(c.scope) === 'instance' && (c.share ?? c.alone ?? 0) >= 0.2).slice(0, 3).map((c) => c.scope);
}

/** A step of the way in words: its name, and for what is no scope its dimension. */
export function stepName({ dimension, value }: { dimension: string; value: string }): string {
  return levels.has(dimension) ? value : `${dimension} ${value === '' ? '(none)' : value}`;
}

/** Within what a value of a dimension was looked at: its place, and the values chosen before. */
export function withinOf(c: Explanation['contributions'][number], scope: string): string {
  const place = levels.has(c.dimension) || c.scope === scope ? [] : [`of ${scopeParts(c.scope).at(-1) ?? c.scope}`];
  return [...place, ...(c.within ?? []).map((w) => `within ${stepName(w)}`)].join(' ');
}

/** What can be asked of a scope. */
export const explained: { metric: string; label: string }[] = [
  { metric: 'RequestLatency_P99', label: 'P99' },
  { metric: 'RequestLatency_P50', label: 'Median latency' },
  { metric: 'ErrorRatio', label: 'Errors' },
  { metric: 'RequestsPerMinute', label: 'Requests' },
  { metric: 'TokensPerSecond', label: 'Tokens' },
  { metric: 'CpuUtilizationPercentage', label: 'CPU' },
  { metric: 'GpuUtilizationPercentage', label: 'GPU' },
];

/** Related metrics by the place that they were read at, in words. */
export function placeOf(r: { scope: string; dimensions: Record<string, string> }): string {
  return [scopeParts(r.scope).at(-1) ?? r.scope, ...Object.entries(r.dimensions).map(([k, v]) => `${k} ${v}`)].join(', ');
}
