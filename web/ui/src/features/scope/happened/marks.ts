/** What charts show above their time axis of what happened. */

import type { Mark } from '@/components/chart/model';
import type { Happening } from './happenings';

/** Marks nearer than this part of the span are one: a crash loop is no row of lines. */
const near = 1 / 60;

const markKind = { alert: 'alert', change: 'change', restart: 'event', start: 'event', event: 'event' } as const;

/** Alerts, changes, starts and ends; of other events only what is bad news. Those of one kind that are near each other are one mark. */
export function marksOf(happenings: readonly Happening[], span: { start: number; end: number }): Mark[] {
  const gap = (span.end - span.start) * near;
  const out: { mark: Mark; first: number; count: number }[] = [];
  const telling = happenings.filter((h) => (h.lane !== 'event' || h.bad) && h.at >= span.start).sort((a, b) => a.at - b.at);
  for (const h of telling) {
    const kind = markKind[h.lane];
    const label = h.lane === 'alert' || h.lane === 'change' ? h.text : `${h.who}: ${h.text}`;
    const last = out.findLast((o) => o.mark.kind === kind);
    if (last !== undefined && h.at - last.first < gap) {
      last.count++;
      last.mark = { ...last.mark, label: `${last.mark.label.replace(/ \(and \d+ more\)$/, '')} (and ${last.count - 1} more)` };
    } else {
      out.push({ mark: { at: h.at, kind, label }, first: h.at, count: 1 });
    }
  }
  return out.map((o) => o.mark);
}
