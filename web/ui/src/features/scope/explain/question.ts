/** What a page explains, as its URL has it. Links of alerts say more than the metric: what the rule looked at, and with what to compare. */

import { formatUTC, parseInstant, type Span } from '@/lib/time';

export interface Asking {
  metric: string;
  aggregation: string;
  filter: string;
  /** The time to compare with; none for the page's own comparison. */
  baseline: Span | undefined;
}

/** Parameters that belong to the question, besides `explain` itself. */
export const askingParams = ['metric', 'aggregation', 'filter', 'baselineStart', 'baselineEnd'] as const;

const isName = (text: string | null): text is string => text !== null && /^[A-Z]\w+$/.test(text);

/** What is asked: explain=1 is P99 or what `metric` names, explain=ErrorRatio says it itself. */
export function askingOf(params: URLSearchParams): Asking | undefined {
  const explain = params.get('explain');
  if (explain === null || explain === '' || explain === '0') return undefined;
  const own = isName(explain);
  const metric = params.get('metric');
  const [start, end] = [parseInstant(params.get('baselineStart') ?? ''), parseInstant(params.get('baselineEnd') ?? '')];
  return {
    metric: own ? explain : isName(metric) ? metric : 'RequestLatency_P99',
    aggregation: own ? '' : (params.get('aggregation') ?? ''),
    filter: own ? '' : (params.get('filter') ?? ''),
    baseline: own || start === undefined || end === undefined || end <= start ? undefined : { start, end },
  };
}

/** The question to the server over a time. A link's baseline is for the link's time: where that was changed to another, it is not asked for. */
export function questionOf(scope: string, { metric, aggregation, filter, baseline }: Asking, span: Span, compare: string) {
  const fits = baseline !== undefined && baseline.end <= span.start;
  return {
    scope,
    metric,
    ...(aggregation === '' ? {} : { aggregation }),
    ...(filter === '' ? {} : { filter }),
    start: span.start / 1000,
    end: span.end / 1000,
    ...(fits ? { baselineStart: formatUTC(baseline.start), baselineEnd: formatUTC(baseline.end) } : { baseline: compare === '' ? 'previous' : compare }),
  };
}
