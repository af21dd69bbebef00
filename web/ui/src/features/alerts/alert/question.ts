/** What an alert is about, as a question: the same quantity over the same time as the server's own links and its finding. */

import type { AlertDetail } from '@/api/types';
import { formatUTC, minute, type Span } from '@/lib/time';

type Asked = Pick<AlertDetail, 'scope' | 'filter' | 'dimensions' | 'values' | 'fired' | 'windowStartTime' | 'windowEndTime' | 'links'>;

/** The rule's filter and the alert's dimensions in the language of drill-down filters; empty for all. */
export function filterOf(alert: Pick<Asked, 'filter' | 'dimensions'>): string {
  const given = (alert.filter ?? '').trim();
  const dimensions = Object.entries(alert.dimensions ?? {})
    .filter(([, value]) => value !== '*') // this would ask for every value
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name} eq '${value.replaceAll("'", "''")}'`);
  return [...(given === '' ? [] : [given]), ...dimensions].join(' and ');
}

/** What to ask explain of an alert; undefined where it is about no metric of a scope. */
export function explainQuestion(alert: Asked) {
  const values = (alert.fired?.values?.length ?? 0) > 0 ? alert.fired?.values : alert.values;
  const metrics = values?.filter((v) => v.metricName !== undefined) ?? [];
  const metric = metrics.find((v) => typeof v.value === 'number') ?? metrics[0];
  const spans = linkedSpans(alert.links?.explain) ?? usualSpans(alert);
  if (metric === undefined || spans === undefined) return undefined;
  const filter = filterOf(alert);
  return {
    scope: alert.scope ?? '',
    metric: metric.metricName ?? '',
    ...(metric.timeAggregation === undefined ? {} : { aggregation: metric.timeAggregation }),
    ...(filter === '' ? {} : { filter }),
    start: formatUTC(spans.window.start),
    end: formatUTC(spans.window.end),
    baselineStart: formatUTC(spans.before.start),
    baselineEnd: formatUTC(spans.before.end),
  };
}

interface Spans {
  window: Span;
  before: Span;
}

/** The spans that the server's link to explain is about. */
function linkedSpans(link: string | undefined): Spans | undefined {
  let params: URLSearchParams;
  try {
    params = new URL(link ?? '').searchParams;
  } catch {
    return undefined;
  }
  const [start, end, from, to] = ['start', 'end', 'baselineStart', 'baselineEnd'].map((name) => Date.parse(params.get(name) ?? ''));
  const known = (t: number | undefined): t is number => t !== undefined && !Number.isNaN(t);
  if (!known(start) || !known(end) || !known(from) || !known(to)) return undefined;
  return { window: { start, end }, before: { start: from, end: to } };
}

/** As the server chooses them: a shorter window has too few samples to tell a change from noise. */
function usualSpans(alert: Asked): Spans | undefined {
  const fired = alert.fired?.windowEndTime === undefined ? alert : alert.fired;
  const [from, end] = [Date.parse(fired.windowStartTime ?? ''), Date.parse(fired.windowEndTime ?? '')];
  if (Number.isNaN(from) || Number.isNaN(end)) return undefined;
  const start = Math.min(from, end - 5 * minute);
  return { window: { start, end }, before: { start: start - Math.max(end - start, 15 * minute), end: start } };
}
