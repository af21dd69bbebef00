/** Links to Grafana, which shows the same expressions over the same time. */

import type { Span } from '@/lib/time';

export interface GrafanaPlace {
  url: string;
  /** UID of its data source; empty for its default one. */
  datasource: string;
}

const most = 26;

/** Explore of Grafana with the expressions of a chart, as far as it has letters for them. */
export function grafanaLink({ url, datasource }: GrafanaPlace, expressions: readonly string[], step: string, { start, end }: Span): string {
  const source = datasource === '' ? {} : { datasource: { type: 'prometheus', uid: datasource } };
  const queries = expressions.slice(0, most).map((expr, i) => ({ refId: String.fromCharCode(65 + i), expr, range: true, ...(step === '' ? {} : { interval: step }), ...source }));
  const pane = { ...(datasource === '' ? {} : { datasource }), queries, range: { from: String(Math.round(start)), to: String(Math.round(end)) } };
  const params = new URLSearchParams({ schemaVersion: '1', panes: JSON.stringify({ endscope: pane }) });
  return `${url.replace(/\/+$/, '')}/explore?${params.toString()}`;
}
