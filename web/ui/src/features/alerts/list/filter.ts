/** Which alerts the list shows, in the URL and in the words of the API. */

import { formatUTC, resolveRange, type TimeRange } from '@/lib/time';

export interface AlertFilter {
  /** Those that are fired now, however long ago; else all that fired in the page's time. */
  open: boolean;
  severity: string[];
  state: string[];
  rule: string[];
  scope: string;
  /** Of those in the page's time: Fired or Resolved; empty for both. */
  condition: string;
  group: string;
  suppressed: string;
  find: string;
  sort: SortKey;
  ascending: boolean;
}

const sorts = ['firedAt', 'changedAt', 'severity', 'rule'] as const;

type SortKey = (typeof sorts)[number];

/** Reads a filter out of the URL's parameters. */
export function parseFilter(params: URLSearchParams): AlertFilter {
  const sort = params.get('sort') ?? '';
  const key = sorts.find((k) => k === sort.replace(/^-/, ''));
  return {
    open: params.get('show') !== 'history',
    severity: params.getAll('severity').filter((s) => /^[0-4]$/.test(s)),
    state: params.getAll('state').filter((s) => ['New', 'Acknowledged', 'Closed'].includes(s)),
    rule: params.getAll('rule'),
    scope: params.get('scope') ?? '',
    condition: params.get('condition') ?? '',
    group: params.get('group') ?? '',
    suppressed: params.get('suppressed') ?? '',
    find: params.get('find') ?? '',
    sort: key ?? 'firedAt',
    ascending: key !== undefined && !sort.startsWith('-'),
  };
}

/** The names of the parameters that narrow the list, for a link that clears them. */
export const narrowing = ['severity', 'state', 'rule', 'scope', 'condition', 'group', 'suppressed', 'find'] as const;

/** Whether anything but open or not narrows the list. */
export function isNarrowed(filter: AlertFilter): boolean {
  return filter.severity.length > 0 || filter.state.length > 0 || filter.rule.length > 0 || [filter.scope, filter.group, filter.suppressed, filter.find].some((t) => t !== '') || (!filter.open && filter.condition !== '');
}

export interface AlertsQuestion {
  severity?: string;
  alertState?: string;
  alertRule?: string;
  monitorCondition?: string;
  scope?: string;
  actionGroup?: string;
  suppressed?: boolean;
  q?: string;
  start?: string;
  end?: string;
}

/** The question of a filter. A range that ends now has no end, so that nothing fired since is missed. */
export function questionOf(filter: AlertFilter, range: TimeRange, now: number): AlertsQuestion {
  const out: AlertsQuestion = {};
  if (filter.severity.length > 0) out.severity = filter.severity.join(',');
  if (filter.state.length > 0) out.alertState = filter.state.join(',');
  if (filter.rule.length > 0) out.alertRule = filter.rule.join(',');
  if (filter.scope !== '') out.scope = filter.scope;
  if (filter.group !== '') out.actionGroup = filter.group;
  if (filter.suppressed !== '') out.suppressed = filter.suppressed === 'true';
  if (filter.find !== '') out.q = filter.find;
  if (filter.open) return { ...out, monitorCondition: 'Fired' };
  if (filter.condition !== '') out.monitorCondition = filter.condition;
  const { start, end } = resolveRange(range, now);
  out.start = formatUTC(start);
  if (range.kind === 'absolute') out.end = formatUTC(end);
  return out;
}

/** The order in which a filter's alerts are asked for. */
export function orderOf(filter: AlertFilter): { sort: SortKey; order: 'asc' | 'desc' } {
  return { sort: filter.sort, order: filter.ascending ? 'asc' : 'desc' };
}
