/** What links that Prometheus makes ask: /graph?g0.expr=…&g0.range_input=2h&g0.end_input=… */

import { parseLength } from '@/lib/time';

export interface GraphLink {
  promql: string[];
  /** The time of its first panel, as this UI's URLs have it. */
  time: Record<string, string>;
}

export function readGraph(params: URLSearchParams): GraphLink {
  const promql = [...params].filter(([name]) => /^g\d+\.expr$/.test(name)).map(([, value]) => value);
  const range = params.get('g0.range_input') ?? '';
  const length = parseLength(range);
  const end = Date.parse(`${(params.get('g0.end_input') ?? '').trim().replace(' ', 'T')}Z`);
  const time: Record<string, string> =
    length === undefined ? {} : Number.isNaN(end) ? { last: range } : { start: new Date(end - length).toISOString(), end: new Date(end).toISOString() };
  return { promql: promql.length === 0 ? [''] : promql, time };
}
