/** Moving and zooming the time that a chart shows. */

import { minute, second, type Span } from '@/lib/time';

/** The shortest time that zooming leads to. */
const shortest = 10 * second;
/** The longest: about ten years. */
const longest = 10 * 366 * 24 * 60 * minute;

/** What a span may not end after: there are no values of the future, but a span that reaches into it may stay there. */
const latest = (span: Span, now: number) => Math.max(span.end, now);

/** The span moved by a share of its length; to later than now only as far as it was. */
export function moved(span: Span, share: number, now: number): Span {
  const length = span.end - span.start;
  const end = Math.min(span.end + share * length, latest(span, now));
  return { start: end - length, end };
}

/** The span made longer or shorter by a factor; the instant at a share of its length stays where it is. */
export function zoomed(span: Span, factor: number, share: number, now: number): Span {
  const before = span.end - span.start;
  const length = Math.min(longest, Math.max(shortest, before * factor));
  const end = Math.min(span.start + share * before + (1 - share) * length, latest(span, now));
  return { start: end - length, end };
}

/** The span once the instants under two fingers, as shares of its length, are to be under two other places. */
export function pinched(span: Span, from: readonly [number, number], to: readonly [number, number], now: number): Span {
  const [fromWidth, toWidth] = [Math.abs(from[1] - from[0]), Math.abs(to[1] - to[0])];
  const factor = Math.min(20, Math.max(0.05, Math.max(fromWidth, 0.01) / Math.max(toWidth, 0.01)));
  const length = span.end - span.start;
  const under = span.start + ((from[0] + from[1]) / 2) * length;
  const scaled = zoomed(span, factor, 0, now);
  const wide = scaled.end - scaled.start;
  const start = under - ((to[0] + to[1]) / 2) * wide;
  const end = Math.min(start + wide, latest(span, now));
  return { start: end - wide, end };
}
