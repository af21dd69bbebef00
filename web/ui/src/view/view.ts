import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import type { Span, TimeRange } from '@/lib/time';
import { parseView, writeView, type PageView } from '@/lib/urlstate';

/** What the page is about besides its scope, and how to change it. Changes are steps of the browser's history. */
export function usePageView() {
  const [params, setParams] = useSearchParams();
  const key = params.toString();
  const view = useMemo(() => parseView(new URLSearchParams(key)), [key]);
  const change = useCallback((part: Partial<PageView>) => setParams((before) => writeView(before, { ...parseView(before), ...part })), [setParams]);
  const zoom = useCallback((span: Span) => change({ range: { kind: 'absolute', ...span }, refresh: 0 }), [change]);
  const setRange = useCallback((range: TimeRange) => setParams((before) => writeView(before, { ...parseView(before), range, refresh: usualRefresh(range, parseView(before)) })), [setParams]);
  return { view, change, zoom, setRange };
}

// A fixed range is not refreshed unless somebody asks for it; the last hour goes on as it did.
function usualRefresh(range: TimeRange, before: PageView): number {
  if (range.kind === 'absolute') return 0;
  return before.range.kind === 'absolute' ? 10_000 : before.refresh;
}
