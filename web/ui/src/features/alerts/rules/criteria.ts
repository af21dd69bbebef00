/** What a rule of any kind looks at, as previews name it. */

import { minute, parseLength } from '@/lib/time';
import { formatDuration } from '@/lib/units';
import { parseISO } from '../duration';

export interface Watched {
  /** As the series of a preview have it: a criterion, or an alert of a group. */
  name: string;
  metricName?: string | undefined;
  timeAggregation?: string | undefined;
  /** Length of what a check looks at, in milliseconds; of a group the time between two checks. */
  window: number;
}

interface RawCriterion {
  name?: string;
  metricName?: string;
  timeAggregation?: string;
  windowSize?: string;
}

interface RawGroup {
  interval?: string;
  rules?: { alert?: string }[];
}

export function criteriaOf(rule: { [field: string]: unknown }): Watched[] {
  if (rule.kind === 'prometheus') {
    const { interval, rules = [] } = (rule.group ?? {}) as RawGroup;
    return rules.flatMap(({ alert }) => (alert === undefined ? [] : [{ name: alert, window: parseLength(interval ?? '') ?? minute }]));
  }
  const all = (rule.criteria as { allOf?: RawCriterion[] } | undefined)?.allOf ?? [];
  return all.map((c, i) => ({ name: c.name ?? `criterion ${i + 1}`, metricName: c.metricName, timeAggregation: c.timeAggregation, window: parseISO(c.windowSize ?? (rule.windowSize as string | undefined)) ?? minute }));
}

/** Length of what a check of one criterion looks at, in milliseconds. */
export function windowOf(criteria: readonly Watched[], name: string | undefined): number {
  return criteria.find((c) => c.name === name)?.window ?? minute;
}

/** " over 30 min", of a criterion of a rule whose criteria have different windows; empty where all have the same. */
export function ownWindowText(criteria: readonly Watched[], name: string | undefined): string {
  const own = criteria.find((c) => c.name === name)?.window;
  return own === undefined || criteria.every((c) => c.window === own) ? '' : ` over ${formatDuration(own)}`;
}
