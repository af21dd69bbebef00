import { useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import type { ChartSpec } from '@/lib/chartspec';
import { resolveRange } from '@/lib/time';
import type { PageView } from '@/lib/urlstate';

const mostValues = 200;

/** The values that a dimension has in the page's time: what a split by it makes of the chart's first metric. */
export function useDimensionValues(spec: ChartSpec, dimension: string, view: PageView, enabled: boolean) {
  const [line] = spec.metrics;
  return useQuery({
    queryKey: ['dimension values', spec.scopes, line?.name, dimension, view.range],
    queryFn: async ({ signal }) => {
      const { start, end } = resolveRange(view.range, Date.now());
      const question = { scope: spec.scopes, metric: line?.name ?? '', split: [dimension], interval: 'full', top: mostValues, start: start / 1000, end: end / 1000 };
      const answer = body(await api().POST('/api/v1/metrics', { body: question, signal }));
      const values = answer.series.filter((s) => s.folded === undefined).flatMap((s) => Object.values(s.dimensions));
      return [...new Set(values)].filter((v) => v !== '').sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    },
    enabled: enabled && line !== undefined && spec.scopes.length > 0 && dimension !== '',
    staleTime: 60_000,
    retry: false, // suggestions only
  });
}
