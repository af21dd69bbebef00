/** Questions in PromQL, over the page's time. */

import { useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { previousTime } from '@/api/previous';
import { refreshed } from '@/api/refreshed';
import { disjoint } from '@/lib/scope';
import { parseLength, resolveRange, type Span } from '@/lib/time';
import type { PageView } from '@/lib/urlstate';
import { addBuckets, histogramOf } from './distribution';
import { gridOf, mostAsked, readProm, stepFor, type PromAnswer, type PromPart } from './promql';
import { askPlanned } from './specQuery';
import type { ChartSpec } from '@/lib/chartspec';

async function queryRange(query: string, grid: readonly number[], step: number, signal: AbortSignal, limit?: number): Promise<PromAnswer> {
  const [first, last] = [grid[0], grid.at(-1)];
  if (first === undefined || last === undefined) return { series: [], warnings: [] };
  const asked = { query, start: String(first / 1000), end: String(last / 1000), step: String(step / 1000), ...(limit === undefined ? {} : { limit }) };
  return readProm(body(await api().GET('/api/v1/query_range', { params: { query: asked }, signal })));
}

export interface PromResult {
  parts: PromPart[];
  grid: number[];
  past: number[];
  step: number;
  span: Span;
}

/** The values of expressions over the page's time, with its comparison. */
export function useProm(queries: readonly string[], interval: string, view: PageView, enabled = true) {
  const queryKey = ['promql', queries, interval, view.compare, view.range];
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }): Promise<PromResult> => {
      const span = resolveRange(view.range, Date.now());
      const step = parseLength(interval) ?? stepFor(span.end - span.start);
      const grid = gridOf(span, step);
      const shift = view.compare === 'previous' ? Math.ceil((span.end - span.start) / step) * step : (parseLength(view.compare) ?? 0);
      const past = grid.map((t) => t - shift);
      const parts = await Promise.all(
        queries.map(async (expr) => {
          const [now, before] = await Promise.all([queryRange(expr, grid, step, signal, mostAsked + 1), shift === 0 ? undefined : queryRange(expr, past, step, signal, mostAsked + 1)]);
          return { expr, now, before };
        }),
      );
      return { parts, grid, past, step, span };
    },
    enabled,
    refetchInterval: view.refresh || false,
    placeholderData: previousTime(queryKey),
  });
  return refreshed(query, view.refresh);
}

export interface Distribution {
  buckets: Map<number, { from: number; to: number; count: number }[]>;
  /** Starts of the windows. */
  times: number[];
  interval: number;
  /** Whole windows, as the answer has them. */
  span: Span;
  /** From when on windows run still. */
  partialFrom: number | undefined;
  /** What the server warns of. */
  warnings: string[];
}

/** How the observations of a metric are distributed, window by window; its percentiles tell from what they are computed. */
export function useDistribution(spec: ChartSpec, view: PageView, enabled = true) {
  const queryKey = ['distribution', spec.scopes, spec.metrics, spec.filter, spec.interval, view.range];
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }): Promise<Distribution> => {
      const asked = Date.now();
      const span = resolveRange(view.range, asked);
      const { plan, warnings } = await askPlanned({ ...spec, scopes: disjoint(spec.scopes) }, span, signal);
      const buckets: Distribution['buckets'] = new Map();
      const ends = new Set<number>();
      let step = 0;
      await Promise.all(
        plan.map(async (p) => {
          const histogram = histogramOf(p.expr);
          step = parseLength(p.step) ?? 0;
          if (histogram === undefined || step === 0) return;
          const grid: number[] = [];
          for (let t = Date.parse(p.start); t <= Date.parse(p.end); t += step) grid.push(t);
          grid.forEach((t) => ends.add(t));
          const answer = await queryRange(histogram.expr, grid, step, signal);
          addBuckets(buckets, answer.series, histogram.factor);
          warnings.push(...answer.warnings);
        }),
      );
      const starts = new Map([...buckets].map(([t, list]) => [t - step, list]));
      const times = [...ends].map((t) => t - step).sort((a, b) => a - b);
      const [first = span.start, last = span.end - step] = [times[0], times.at(-1)];
      const partialFrom = times.find((t) => t + step > asked);
      return { buckets: starts, times, interval: step, span: { start: first, end: last + step }, partialFrom, warnings };
    },
    enabled,
    refetchInterval: view.refresh || false,
    placeholderData: previousTime(queryKey),
  });
  return refreshed(query, view.refresh);
}
