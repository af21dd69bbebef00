import { formatValue } from '@/lib/units';
import { isQueue, type Hop, type Way } from '../hops';
import type { Summary } from '../summary';
import { few, none, sentence, tooFew, type Verdict } from './verdict';

const known = (hops: readonly Hop[]) => hops.filter((h): h is { name: string; mean: number } => h.mean !== null);
const sum = (hops: readonly { mean: number }[]) => hops.reduce((s, h) => s + h.mean, 0);

/** Where does the time go? The hop that takes most. */
export function timeVerdict({ hops, requests }: Way): Verdict {
  if (requests === null) return none('Neither a proxy nor a model server told how long requests take.');
  if (requests < few) return tooFew(requests);
  const measured = known(hops);
  const total = sum(measured);
  const most = [...measured].sort((a, b) => b.mean - a.mean)[0];
  if (most === undefined || total === 0) return none('No request was measured in this time.');
  const kind = isQueue(most) && most.mean > total / 2 ? 'warning' : 'info';
  return { kind, text: `${formatValue(most.mean / total, 'Ratio')} of the mean request is ${most.name}: ${formatValue(most.mean, 'Milliseconds')} of ${formatValue(total, 'Milliseconds')}.` };
}

/** Scale or tune? What waits is a matter of capacity, what computes is one of the model. */
export function scaleVerdict({ hops, requests }: Way, summary: Summary): Verdict {
  const queues = known(hops.filter(isQueue));
  const line = summary('ModelRequestsWaiting').now;
  if (queues.length === 0 && line !== null) return lineVerdict(line, busyParts(summary));
  if (requests === null || queues.length === 0) return none('Nothing tells of a queue here: neither a proxy nor a model server.');
  if (requests < few) return tooFew(requests);
  const waits = sum(queues);
  const work = sum(known(hops.filter((h) => !isQueue(h) && h.name !== 'upload' && h.name !== 'download')));
  const share = waits + work === 0 ? 0 : waits / (waits + work);
  const said = waits < 0.05 ? 'requests do not wait' : `requests wait ${formatValue(waits, 'Milliseconds')} for ${formatValue(work, 'Milliseconds')} of work (${formatValue(share, 'Ratio')})`;
  const inLine = line !== null && line >= 0.05 ? `${formatValue(line, 'Count')} in the line on average` : '';
  const busy = busyParts(summary);
  if (share >= 0.3) return { kind: 'warning', text: sentence([said, inLine, 'more instances would help']) };
  if (share >= 0.1) return { kind: 'info', text: sentence([said, inLine, 'near its capacity']) };
  if (busy !== '') return { kind: 'info', text: sentence([said, inLine, busy]) };
  return { kind: 'ok', text: sentence([said, inLine, 'faster answers need a faster model, not more instances']) };
}

/** What the line says alone, where nobody told how long requests wait in it. */
function lineVerdict(line: number, busy: string): Verdict {
  const said = line < 0.05 ? 'no request in the line on average' : `${formatValue(line, 'Count')} in the line on average, for how long is not known`;
  return { kind: line >= 1 ? 'warning' : 'info', text: sentence([said, busy]) };
}

function busyParts(summary: Summary): string {
  const cpu = summary('CpuUtilizationPercentage').now;
  return cpu !== null && cpu >= 90 ? `but its CPUs are ${formatValue(cpu, 'Percent')} busy, and more of them may make it faster` : '';
}
