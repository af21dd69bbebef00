import { countOf, none, sentence, type Verdict } from '../verdicts/verdict';
import { formatDuration } from '@/lib/units';
import type { Happening } from './happenings';

/** What happened? How many of each, the slowest start and who ended most often, and what is not known. */
export function happenedVerdict(happenings: readonly Happening[], gaps: readonly string[] = []): Verdict {
  const of = (lane: Happening['lane']) => happenings.filter((h) => h.lane === lane);
  const [alerts, changes, starts, ends] = [of('alert'), of('change'), of('start'), of('restart')];
  if (happenings.length === 0 && gaps.length > 0) return none(['Nothing was found in this time, but not all is known.', ...gaps].join(' '));
  if (happenings.length === 0) return none('Nothing started, ended, fired or was changed in this time.');
  const failed = starts.filter((s) => s.bad).length;
  const lengths = starts.filter((s) => !s.bad && s.until !== undefined).map((s) => (s.until ?? s.at) - s.at);
  const slowest = lengths.length === 0 ? '' : `, the slowest took ${formatDuration(Math.max(...lengths))}`;
  const counts = new Map<string, number>();
  for (const h of ends.filter((e) => e.bad && e.ended === true)) counts.set(h.who, (counts.get(h.who) ?? 0) + 1);
  const [who] = [...counts].sort((a, b) => b[1] - a[1]);
  const parts = [
    alertsSaid(alerts),
    changes.length === 0 ? '' : countOf(changes.length, 'change'),
    starts.length === 0 ? '' : `${countOf(starts.length, 'start')}${failed === 0 ? '' : ` of which ${failed} failed`}${slowest}`,
    who === undefined ? '' : `${who[0]} ended badly ${who[1] === 1 ? 'once' : `${who[1]} times`}`,
  ];
  const text = sentence(parts);
  return { kind: failed > 0 || who !== undefined ? 'warning' : 'info', text: [text === '' ? sentence([countOf(happenings.length, 'event')]) : text, ...gaps].join(' ') };
}

/** Those that fired in this time are told apart from those that only lasted into it. */
function alertsSaid(alerts: readonly Happening[]): string {
  const already = alerts.filter((a) => a.already === true).length;
  const fired = alerts.length - already;
  const open = already === 1 ? 'was open already' : 'were open already';
  if (already === 0) return fired === 0 ? '' : `${countOf(fired, 'alert')} fired`;
  return fired === 0 ? `${countOf(already, 'alert')} ${open}` : `${countOf(fired, 'alert')} fired, ${already.toLocaleString('en-US')} ${open}`;
}
