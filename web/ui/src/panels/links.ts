/** Links from a chart to other pages about the same thing. */

import { emptySpec, writeSpec, writeSpecs, type ChartSpec } from '@/lib/chartspec';
import { formatUTC, type Span } from '@/lib/time';
import { carryView } from '@/lib/urlstate';

/** The chart in the explorer, over the time of the page. */
export function exploreLink(search: URLSearchParams, spec: ChartSpec): string {
  return `/explore?${writeSpecs(new URLSearchParams(carryView(search)), [spec]).toString()}`;
}

/** The chart in the explorer over a fixed time, so that whoever gets the link sees the same. */
export function sharedLink(search: URLSearchParams, spec: ChartSpec, span: Span): string {
  return `/explore?${writeSpecs(fixed(search, span), [spec]).toString()}`;
}

function fixed(search: URLSearchParams, span: Span): URLSearchParams {
  const out = new URLSearchParams(carryView(search));
  for (const name of ['last', 'refresh']) out.delete(name);
  out.set('start', formatUTC(span.start));
  out.set('end', formatUTC(span.end));
  return out;
}

/** The logs of the chart's scope and time. Where a scope names many, they are those of what is above it. */
export function logsLink(search: URLSearchParams, spec: ChartSpec, span: Span): string {
  const out = fixed(search, span);
  out.delete('compare');
  const scope = (spec.scopes[0] ?? '').replace(/(^|\/)\*.*$/, '');
  if (scope !== '') out.set('scope', scope);
  return `/logs?${out.toString()}`;
}

/** A new rule that asks the expressions of the chart. */
export function promRuleLink(search: URLSearchParams, spec: ChartSpec): string {
  const out = new URLSearchParams(carryView(search));
  out.set('kind', 'prometheus');
  for (const expr of spec.promql) out.append('query', expr);
  return `/alerts/rules/new?${out.toString()}`;
}

/** A new rule for one metric of the chart. */
export function ruleLink(search: URLSearchParams, spec: ChartSpec, metric: number): string {
  const line = spec.metrics[metric];
  const rule = writeSpec({ ...emptySpec, scopes: spec.scopes.slice(0, 1), metrics: line === undefined ? [] : [line], filter: spec.filter, split: spec.split });
  const out = new URLSearchParams(carryView(search));
  for (const [name, value] of rule) out.append(name, value);
  return `/alerts/rules/new?${out.toString()}`;
}
