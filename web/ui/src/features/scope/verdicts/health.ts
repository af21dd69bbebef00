import { formatChange, formatValue } from '@/lib/units';
import type { Summary } from '../summary';
import { countOf, few, fewForP99, none, tooFew, type Verdict } from './verdict';

export interface Health {
  summary: Summary;
  /** Requests of the time, and of the time before where that is compared. */
  requests: number | null;
  requestsBefore: number | null;
  alerts: readonly { name: string; severity: number }[];
  /** Whether there are more alerts than are known. */
  more?: boolean;
  /** What could not be asked, in sentences. */
  unknown?: readonly string[];
  /** Whether the alerts are those that are open now, or those that were open in a past time. */
  past: boolean;
  /** Instances that went silent lately. */
  silent: readonly string[];
  /** When the instance itself was last heard of, in words; none where it reports. */
  lastSeen?: string | undefined;
}

const severe = 0.05;
const notable = 0.01;
/** Of a part of the errors that is less than this the other is nearly all. */
const nearlyNone = 0.05;

/** Is it healthy? What could not be asked is said, and then nothing is well. */
export function healthVerdict(health: Health): Verdict {
  const said = knownVerdict(health);
  const { unknown = [] } = health;
  if (unknown.length === 0) return said;
  return { kind: said.kind === 'ok' ? 'none' : said.kind, text: [said.text, ...unknown].join(' ') };
}

/** Alerts first, then who is silent, then errors and whose they are, then latency against the time before. */
function knownVerdict({ summary, requests, requestsBefore, alerts, more: cut = false, past, silent, lastSeen }: Health): Verdict {
  const worst = [...alerts].sort((a, b) => a.severity - b.severity)[0];
  if (worst !== undefined) {
    const more = alerts.length === 1 ? '' : ` and ${cut ? 'at least ' : ''}${alerts.length - 1} more`;
    return { kind: worst.severity <= 1 ? 'critical' : 'warning', text: `${worst.name}${more} ${past ? `${alerts.length === 1 ? 'was' : 'were'} open in this time` : 'fired'}.` };
  }
  if (silent.length > 0) {
    const others = silent.length - 2;
    const names = others > 0 ? `${silent.slice(0, 2).join(', ')} and ${others} more` : silent.join(' and ');
    return { kind: 'warning', text: `${names} went silent within the last hour.` };
  }
  const [errors, p99, p50] = [summary('ErrorRatio'), summary('RequestLatency_P99'), summary('RequestLatency_P50')];
  if (lastSeen !== undefined && requests === null) return none(`It is silent: it was last heard of at ${lastSeen}.`);
  if (requests === null) return none('No proxy measured requests here in this time.');
  const failed = (errors.now ?? 0) * requests;
  if (requests < few) {
    if (failed >= 2.5 && failed >= requests / 2) return { kind: 'warning', text: `${Math.round(failed)} of only ${countOf(requests, 'request')} failed.` };
    return tooFew(requests);
  }
  if (errors.now !== null && errors.now >= notable && failed >= 2.5) return errorVerdict(errors.now, errors.before, summary('Availability').now);
  const enough = requests >= fewForP99;
  const [name, latency] = enough ? (['P99', p99] as const) : (['The median', p50] as const);
  if (latency.now !== null && latency.before !== null && (requestsBefore ?? 0) >= (enough ? fewForP99 : few) && latency.now > 2 * latency.before) {
    return { kind: 'warning', text: `${name} is ${formatValue(latency.now, 'Milliseconds')}, ${formatChange(latency.now, latency.before)} against the time before.` };
  }
  const share = errors.now === null || errors.now === 0 ? 'No request failed' : `${formatValue(errors.now, 'Ratio')} of the requests failed`;
  const slow = enough ? `, 99 of 100 less than ${formatValue(p99.now, 'Milliseconds')}` : '';
  return { kind: 'ok', text: `${share}; half of them took less than ${formatValue(p50.now, 'Milliseconds')}${slow}.` };
}

/** Failures by whose they are: what is no fault of the service is the client's. */
function errorVerdict(errors: number, before: number | null, availability: number | null): Verdict {
  const was = before === null ? '' : ` (before: ${formatValue(before, 'Ratio')})`;
  const own = availability === null ? null : Math.max(0, 1 - availability / 100);
  const said = `${formatValue(errors, 'Ratio')} of the requests failed${was}`;
  if (own === null) return { kind: errors >= severe ? 'critical' : 'warning', text: `${said}.` };
  if (own < nearlyNone * errors) return { kind: 'warning', text: `${said}, nearly all by the clients' fault: ${formatValue(own, 'Ratio')} by the model or the service.` };
  return { kind: own >= severe ? 'critical' : 'warning', text: `${said}: ${formatValue(own, 'Ratio')} by the model or the service${own < (1 - nearlyNone) * errors ? ', the rest by the clients' : ''}.` };
}
