/** What a rule saw of one alert: the rule, asked for nothing but the alert's series. */

import type { AlertDetail } from '@/api/types';
import { day, hour, minute, type Span } from '@/lib/time';
import { withoutInfo } from '@/panels/resources/document';
import type { ResourceDocument } from '../types';

interface Criterion {
  dimensions?: { name: string; operator?: string; values: string[] }[];
  [field: string]: unknown;
}

interface PromGroup {
  rules?: { alert?: string }[];
  [field: string]: unknown;
}

/** The rule narrowed to the target and dimensions of an alert, a group to its rule. Log rules are asked as they are. */
export function narrowRule(rule: ResourceDocument, alert: Pick<AlertDetail, 'scope' | 'dimensions' | 'labels'>): Record<string, unknown> {
  const { criteria, ...rest } = withoutInfo(rule);
  if (rule.kind === 'prometheus') {
    const group = rule.group as PromGroup;
    const own = (group.rules ?? []).filter((r) => r.alert === alert.labels?.alertname);
    return { ...rest, enabled: true, group: own.length === 0 ? group : { ...group, rules: own } };
  }
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

/** The rule of an alert of Prometheus that is gone, out of what the alert says of it: its expression. */
export function ruleOfAlert(alert: Pick<AlertDetail, 'ruleKind' | 'alertRule' | 'values'>): ResourceDocument | undefined {
  const asked = alert.values?.find((v) => v.query !== undefined);
  if (alert.ruleKind !== 'prometheus' || asked === undefined) return undefined;
  const name = alert.alertRule ?? 'gone';
  return { name, kind: 'prometheus', group: { name, rules: [{ alert: asked.criterion ?? name, expr: asked.query }] } };
}

/** The time around an alert: from four windows, at least an hour and at most a day, before it fired to a little after it ended, or now. At most a day and a half. */
export function alertSpan(alert: Pick<AlertDetail, 'firedDateTime' | 'resolvedDateTime' | 'windowStartTime' | 'windowEndTime'>, now: number): Span {
  const fired = Date.parse(alert.firedDateTime ?? '') || now;
  const window = Math.max(0, Date.parse(alert.windowEndTime ?? '') - Date.parse(alert.windowStartTime ?? '')) || 5 * minute;
  const start = fired - Math.min(day, Math.max(hour, 4 * window));
  const ended = Date.parse(alert.resolvedDateTime ?? '');
  const end = Number.isNaN(ended) ? now : ended + Math.max(15 * minute, window);
  return { start, end: Math.max(start + 15 * minute, Math.min(now, end, start + 36 * hour)) };
}
