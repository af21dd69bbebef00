import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { emptySpec, parseSpecs, specParams, writeSpecs, type ChartSpec } from '@/lib/chartspec';

/** What a page without a question shows, so that it is alive. */
const firstLook: ChartSpec = { ...emptySpec, scopes: ['*'], metrics: [{ name: 'RequestsPerMinute', aggregation: '' }] };

/** The charts of the page, as its URL has them. */
export function usePageSpecs() {
  const [params, setParams] = useSearchParams();
  const key = params.toString();
  const specs = useMemo(() => readSpecs(new URLSearchParams(key)), [key]);
  const set = useCallback((change: (specs: ChartSpec[]) => ChartSpec[]) => setParams((before) => writeSpecs(before, change(readSpecs(before))), { replace: true }), [setParams]);
  const put = useCallback((at: number, part: Partial<ChartSpec>) => set((list) => list.map((s, i) => (i === at ? { ...s, ...part } : s))), [set]);
  const add = useCallback((spec: ChartSpec) => set((list) => [...list, spec]), [set]);
  const remove = useCallback((at: number) => set((list) => (list.length === 1 ? [emptySpec] : list.filter((_, i) => i !== at))), [set]);
  return { specs, put, add, remove };
}

function readSpecs(params: URLSearchParams): ChartSpec[] {
  const asked = [...specParams, 'chart'].some((name) => params.has(name));
  return asked ? parseSpecs(params) : [firstLook];
}
