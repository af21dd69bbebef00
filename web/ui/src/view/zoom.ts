import { useCallback } from 'react';
import { resolveRange, type Span, type TimeRange } from '@/lib/time';
import { usePageView } from './view';

interface Step {
  before: TimeRange;
  refresh: number;
  after: Span;
}

/** Zooms of this tab, the last one last. A page that is loaded anew begins without. */
const steps: Step[] = [];
const most = 50;

/** Into a part of the page's time, and back to where one came from. */
export function useZoom() {
  const { view, change, zoom: set } = usePageView();
  const { range, refresh } = view;
  const zoom = useCallback(
    (span: Span) => {
      const after = { start: Math.round(span.start / 1000) * 1000, end: Math.max(Math.round(span.end / 1000) * 1000, Math.round(span.start / 1000) * 1000 + 1000) };
      steps.push({ before: range, refresh, after });
      if (steps.length > most) steps.shift();
      set(after);
    },
    [range, refresh, set],
  );
  const back = useCallback(() => {
    if (range.kind !== 'absolute') return;
    const { start, end } = resolveRange(range, 0);
    const at = steps.findLastIndex((s) => s.after.start === start && s.after.end === end);
    const step = steps[at];
    if (step === undefined) return;
    steps.length = at;
    change({ range: step.before, refresh: step.refresh });
  }, [range, change]);
  return { zoom, back };
}
