import { useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { useMetrics } from '@/api/hooks';
import { previousTime } from '@/api/previous';
import { refreshed } from '@/api/refreshed';
import { emptySpec } from '@/lib/chartspec';
import { resolveRange } from '@/lib/time';
import type { PageView } from '@/lib/urlstate';
import { addBuckets, histogramOf } from '@/panels/distribution';
import { readProm } from '@/panels/promql';
import { askPlan } from '@/panels/specQuery';
import { densitiesOf, type Bucket } from './density';
import { figureKinds } from './figures';

const trendMetrics = [...figureKinds.filter((k) => k.rate).map((k) => k.metric), 'CpuUtilizationPercentage'];

/** One value of each figure and of each the windows that tell for what part of the time there are data. */
export function useFigures(scopes: string[], view: PageView) {
  const compare = view.compare || 'previous';
  const totals = useMetrics({ scope: scopes, metric: figureKinds.map((k) => k.metric), interval: 'full', compare }, view, scopes.length > 0);
  const trends = useMetrics({ scope: scopes, metric: trendMetrics, compare }, view, scopes.length > 0);
  return { totals, trends };
}

/** The number of requests of each scope by their statuses. */
export function useStatuses(scopes: string[], view: PageView) {
  return useMetrics({ scope: scopes, metric: 'RequestsPerMinute', aggregation: 'Total', split: ['statusCode', 'modelStatusCode'], interval: 'full' }, { ...view, compare: '' }, scopes.length > 0);
}

/** The histogram of one scope's durations over a whole span, in milliseconds. */
async function bucketsOf(scope: string, span: { start: number; end: number }, signal: AbortSignal): Promise<Bucket[]> {
  const spec = { ...emptySpec, scopes: [scope], metrics: [{ name: 'RequestLatency_P50', aggregation: '' }], interval: 'full' };
  const into = new Map<number, Bucket[]>();
  for (const step of await askPlan(spec, span, signal)) {
    const histogram = histogramOf(step.expr);
    if (histogram === undefined) continue;
    const at = String(Date.parse(step.end) / 1000);
    const answer = body(await api().GET('/api/v1/query_range', { params: { query: { query: histogram.expr, start: at, end: at, step: '1' } }, signal }));
    addBuckets(into, readProm(answer).series, histogram.factor);
  }
  return [...into.values()].flat();
}

/** How the durations of scopes are distributed, over the page's time as a whole. */
export function useDensities(scopes: string[], view: PageView) {
  const queryKey = ['densities', scopes, view.range];
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const span = resolveRange(view.range, Date.now());
      return densitiesOf(await Promise.all(scopes.map((s) => bucketsOf(s, span, signal)))) ?? null;
    },
    enabled: scopes.length > 0,
    refetchInterval: view.refresh || false,
    placeholderData: previousTime(queryKey),
  });
  return refreshed(query, view.refresh);
}
