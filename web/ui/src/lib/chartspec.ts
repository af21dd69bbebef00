/** What a chart asks and how it draws it, as links and URLs have it: the words of /api/v1/metrics, and kind, query and unit besides. */

export const drawKinds = ['line', 'area', 'stack', 'bar', 'scatter', 'heat', 'distribution', 'grid'] as const;

export type DrawKind = (typeof drawKinds)[number];

export interface MetricLine {
  name: string;
  /** Empty for the metric's own first one. */
  aggregation: string;
}

export interface ChartSpec {
  scopes: string[];
  metrics: MetricLine[];
  filter: string;
  split: string[];
  /** Series to keep of each metric and scope; 0 for all. */
  top: number;
  orderBy: string;
  /** Length of a window, such as 5m; empty for one that fits the time. */
  interval: string;
  kind: DrawKind;
  /** Expressions of PromQL; with some, all above but interval and kind is not asked. */
  promql: string[];
  /** The unit of what the expressions give. */
  unit: string;
}

export const emptySpec: ChartSpec = { scopes: [], metrics: [], filter: '', split: [], top: 0, orderBy: '', interval: '', kind: 'line', promql: [], unit: '' };

/** The parameters that belong to a chart. */
export const specParams = ['scope', 'metric', 'aggregation', 'filter', 'split', 'top', 'orderBy', 'interval', 'kind', 'query', 'unit'] as const;

const list = (params: URLSearchParams, name: string) =>
  params
    .getAll(name)
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');

/**
 * Reads a chart. A metric may have its aggregation behind a colon (RequestsPerMinute:Total); those without have each of `aggregation`,
 * as the API has it.
 */
export function parseSpec(params: URLSearchParams): ChartSpec {
  const aggregations = list(params, 'aggregation');
  const top = Number(params.get('top') ?? '');
  const kind = drawKinds.find((k) => k === params.get('kind'));
  return {
    scopes: list(params, 'scope'),
    metrics: list(params, 'metric').flatMap((text) => {
      const [name = '', own] = text.split(':');
      const each = own === undefined ? aggregations : [own];
      return (each.length === 0 ? [''] : each).map((aggregation) => ({ name, aggregation }));
    }),
    filter: params.get('filter') ?? '',
    split: list(params, 'split'),
    top: Number.isInteger(top) && top > 0 ? top : 0,
    orderBy: params.get('orderBy') ?? '',
    interval: params.get('interval') === 'auto' ? '' : (params.get('interval') ?? ''),
    kind: kind ?? 'line',
    promql: params.getAll('query'),
    unit: params.get('unit') ?? '',
  };
}

/** The parameters of a chart, without those that say what is so anyway. */
export function writeSpec(spec: ChartSpec): URLSearchParams {
  const out = new URLSearchParams();
  for (const query of spec.promql) out.append('query', query);
  if (spec.promql.length > 0 && spec.unit !== '') out.set('unit', spec.unit);
  for (const scope of spec.scopes) out.append('scope', scope);
  const first = spec.metrics[0]?.aggregation ?? '';
  const alike = spec.metrics.every((m) => m.aggregation === first);
  for (const m of spec.metrics) out.append('metric', alike || m.aggregation === '' ? m.name : `${m.name}:${m.aggregation}`);
  if (alike && first !== '') out.set('aggregation', first);
  if (spec.filter !== '') out.set('filter', spec.filter);
  for (const dimension of spec.split) out.append('split', dimension);
  if (spec.top > 0) out.set('top', String(spec.top));
  if (spec.orderBy !== '') out.set('orderBy', spec.orderBy);
  if (spec.interval !== '') out.set('interval', spec.interval);
  if (spec.kind !== 'line') out.set('kind', spec.kind);
  return out;
}

/** A part of /api/v1/metrics's question: metrics that share an aggregation. */
export interface SpecQuestion {
  scope: string[];
  metric: string[];
  aggregation?: string;
  filter?: string;
  split?: string[];
  top?: number;
  orderBy?: string;
  interval?: string;
}

/** The questions of a chart, one for each aggregation: the API has all aggregations of a question for all of its metrics. */
export function questionsOf(spec: ChartSpec): SpecQuestion[] {
  const aggregations = [...new Set(spec.metrics.map((m) => m.aggregation))];
  // Only where something makes several series is there a top.
  const several = spec.split.length > 0 || spec.scopes.some((s) => s.includes('*'));
  return aggregations.map((aggregation) => ({
    scope: spec.scopes,
    metric: [...new Set(spec.metrics.filter((m) => m.aggregation === aggregation).map((m) => m.name))],
    ...(aggregation === '' ? {} : { aggregation }),
    ...(spec.filter === '' ? {} : { filter: spec.filter }),
    ...(spec.split.length === 0 ? {} : { split: spec.split }),
    ...(spec.top === 0 || !several ? {} : { top: spec.top, ...(spec.orderBy === '' ? {} : { orderBy: spec.orderBy }) }),
    ...(spec.interval === '' ? {} : { interval: spec.interval }),
  }));
}

/** Several charts in one URL: the first in plain words, each further one whole in a `chart`. */
export function parseSpecs(params: URLSearchParams): ChartSpec[] {
  const further = params.getAll('chart').map((text) => parseSpec(new URLSearchParams(text)));
  return [parseSpec(params), ...further];
}

/** Puts charts into the parameters of a page, leaving all that is not a chart's as it is. */
export function writeSpecs(params: URLSearchParams, specs: readonly ChartSpec[]): URLSearchParams {
  const out = new URLSearchParams(params);
  for (const name of [...specParams, 'chart']) out.delete(name);
  const [first, ...further] = specs;
  if (first !== undefined) for (const [name, value] of writeSpec(first)) out.append(name, value);
  for (const spec of further) out.append('chart', writeSpec(spec).toString());
  return out;
}
