/** What a chart is called, from what it asks. */

import type { ChartSpec } from './chartspec';
import { levels } from './scope';

const few = 3;

function listed(words: readonly string[]): string {
  if (words.length > few) return `${words.slice(0, few - 1).join(', ')} and ${words.length - few + 1} more`;
  return words.join(', ');
}

/** A scope in words, such as every instance of credit-default. */
function scopeWords(scope: string): string {
  const parts = scope.split('/');
  if (parts.at(-1) !== '*') return scope;
  const above = parts.slice(0, parts.indexOf('*'));
  const every = `every ${levels[parts.length - 1] ?? 'instance'}`;
  const named = parts.slice(parts.indexOf('*')).every((p) => p === '*');
  return named ? (above.length === 0 ? every : `${every} of ${above.join('/')}`) : scope;
}

export function chartTitle(spec: ChartSpec, displayName: (metric: string) => string): string {
  if (spec.promql.length > 0) return 'PromQL';
  if (spec.metrics.length === 0) return 'A new chart';
  const metrics = [...new Set(spec.metrics.map((m) => displayName(m.name)))];
  const of = spec.scopes.length === 0 ? '' : ` of ${listed(spec.scopes.map(scopeWords))}`;
  const by = spec.split.length === 0 || spec.kind === 'distribution' ? '' : ` by ${listed(spec.split)}`;
  const where = spec.filter === '' ? '' : `, ${spec.filter}`;
  return `${spec.kind === 'distribution' ? 'Distribution of ' : ''}${listed(metrics)}${of}${by}${where}`;
}
