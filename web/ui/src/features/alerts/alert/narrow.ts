/** What a rule saw of one alert: the rule, asked for nothing but the alert's series. */

import type { AlertDetail } from '@/api/types';
import { hour, minute, type Span } from '@/lib/time';
import { withoutInfo } from '@/panels/resources/document';
import type { ResourceDocument } from '../types';

interface Criterion {
  dimensions?: { name: string; operator?: string; values: string[] }[];
  [field: string]: unknown;
}

/** The rule narrowed to the target and dimensions of an alert. Other kinds than metric rules are asked as they are. */
export function narrowRule(rule: ResourceDocument, alert: Pick<AlertDetail, 'scope' | 'dimensions'>): Record<string, unknown> {
  const { criteria, ...rest } = withoutInfo(rule);
  if (rule.kind !== 'metric' || alert.scope === undefined) return { ...rest, ...(criteria === undefined ? {} : { criteria }) };
  const given = criteria as { allOf: Criterion[] };
  const allOf = given.allOf.map((c) => {
    if (c.dimensions === undefined) return c;
    return {
      ...c,
      dimensions: c.dimensions.map((d) => {
        const value = alert.dimensions?.[d.name];
        return value === undefined ? d : { name: d.name, operator: 'Include', values: [value] };
      }),
    };
  });
  // The type of Azure says how many resources there are, and is made anew.
  return { ...rest, enabled: true, scopes: [alert.scope], criteria: { allOf } };
}

/** The time around an alert: from four windows, at least an hour, before it fired to a little after it ended, or now. At most a day and a half. */
export function alertSpan(alert: Pick<AlertDetail, 'firedDateTime' | 'resolvedDateTime' | 'windowStartTime' | 'windowEndTime'>, now: number): Span {
  const fired = Date.parse(alert.firedDateTime ?? '') || now;
  const window = Math.max(0, Date.parse(alert.windowEndTime ?? '') - Date.parse(alert.windowStartTime ?? '')) || 5 * minute;
  const start = fired - Math.max(hour, 4 * window);
  const ended = Date.parse(alert.resolvedDateTime ?? '');
  const end = Number.isNaN(ended) ? now : ended + Math.max(15 * minute, window);
  return { start, end: Math.max(start + 15 * minute, Math.min(now, end, start + 36 * hour)) };
}
