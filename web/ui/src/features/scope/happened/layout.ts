/** Where happenings stand on a strip. */

import type { Happening, Lane } from './happenings';

/** One sign on the strip: what happened there, and everything of its kind that is too near to be told apart. */
export interface Sign {
  lane: Lane;
  /** From 0 to 1. */
  from: number;
  to: number;
  bad: boolean;
  /** Newest last. */
  of: Happening[];
}

/** Signs nearer than this are one. */
const near = 0.012;

export function signsOf(happenings: readonly Happening[], span: { start: number; end: number }): Sign[] {
  const length = span.end - span.start;
  const place = (t: number) => Math.min(1, Math.max(0, (t - span.start) / length));
  const out: Sign[] = [];
  for (const h of [...happenings].sort((a, b) => a.at - b.at)) {
    const [from, to] = [place(h.at), place(h.until ?? h.at)];
    const last = out.findLast((s) => s.lane === h.lane);
    if (last !== undefined && from - last.to < near && to - last.from < 4 * near) {
      last.of.push(h);
      last.to = Math.max(last.to, to);
      last.bad ||= h.bad;
    } else {
      out.push({ lane: h.lane, from, to, bad: h.bad, of: [h] });
    }
  }
  return out;
}
