/** What a chart is called, from what it asks. */

import type { ChartSpec } from '@/lib/chartspec';

const few = 3;

function listed(words: readonly string[]): string {
  if (words.length > few) return `${words.slice(0, few - 1).join(', ')} and ${words.length - few + 1} more`;
  return words.join(', ');
}

export function chartTitle(spec: ChartSpec, displayName: (metric: string) => string): string {
  if (spec.promql.length > 0) return 'PromQL';
  if (spec.metrics.length === 0) return 'A new chart';
  const metrics = [...new Set(spec.metrics.map((m) => displayName(m.name)))];
  const of = spec.scopes.length === 0 ? '' : ` of ${listed(spec.scopes)}`;
  const by = spec.split.length === 0 || spec.kind === 'distribution' ? '' : ` by ${listed(spec.split)}`;
  return `${spec.kind === 'distribution' ? 'Distribution of ' : ''}${listed(metrics)}${of}${by}`;
}
