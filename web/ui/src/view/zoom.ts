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

const stepTo = (range: TimeRange): number => (range.kind === 'absolute' ? steps.findLastIndex((s) => s.after.start === range.start && s.after.end === range.end) : -1);

/** Where the zooms that led to a step began. */
function firstOf(at: number): number {
  const step = steps[at];
  const before = step === undefined ? -1 : stepTo(step.before);
  return before >= 0 && before < at ? firstOf(before) : at;
}

/** Into a part of the page's time, back by one zoom, and back to where the first began. */
export function useZoom() {
  const { view, change, zoom: set } = usePageView();
  const { range, refresh } = view;
  const zoom = useCallback(
    (span: Span) => {
      const start = Math.round(span.start / 1000) * 1000;
      const after = { start, end: Math.max(Math.round(span.end / 1000) * 1000, start + 1000) };
      steps.push({ before: range, refresh, after });
      if (steps.length > most) steps.shift();
      set(after);
    },
    [range, refresh, set],
  );
  const returnTo = useCallback(
    (at: number) => {
      const step = steps[at];
      if (step === undefined) return;
      steps.length = at;
      change({ range: step.before, refresh: step.refresh });
    },
    [change],
  );
  const back = useCallback(() => {
    const at = stepTo(range);
    if (at >= 0 || range.kind !== 'absolute') {
      returnTo(at);
      return;
    }
    // Who came by a link has nowhere to go back to: twice the time, as far as there is some.
    const { start, end } = resolveRange(range, 0);
    const half = (end - start) / 2;
    change({ range: { kind: 'absolute', start: start - half, end: Math.max(end, Math.min(end + half, Math.ceil(Date.now() / 1000) * 1000)) } });
  }, [range, change, returnTo]);
  const reset = useCallback(() => returnTo(firstOf(stepTo(range))), [range, returnTo]);
  return { zoom, back, reset, zoomed: stepTo(range) >= 0 };
}
