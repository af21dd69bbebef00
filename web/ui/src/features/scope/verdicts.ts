/** One line under each question of a page, from the data. It says numbers, not opinions, and names what stands out. */

import { formatChange, formatValue } from '@/lib/units';
import type { StatusKind } from '@/components/Status';
import type { Summary } from './summary';

export interface Verdict {
  kind: StatusKind;
  text: string;
}

const none = (text: string): Verdict => ({ kind: 'none', text });

/** Is it healthy? Alerts first, then errors, then latency against the time before. */
export function healthVerdict(summary: Summary, alerts: { name: string; severity: number }[], missing: number): Verdict {
  const worst = [...alerts].sort((a, b) => a.severity - b.severity)[0];
  if (worst !== undefined) {
    const more = alerts.length === 1 ? '' : ` and ${alerts.length - 1} more`;
    return { kind: worst.severity <= 1 ? 'critical' : 'warning', text: `${worst.name}${more} fired.` };
  }
  if (missing > 0) return { kind: 'warning', text: `${missing === 1 ? 'An instance is' : `${missing} instances are`} silent.` };
  const [requests, errors, p99] = [summary('RequestsPerMinute'), summary('ErrorRatio'), summary('RequestLatency_P99')];
  if (requests.now === null) return none('Nothing was measured of its requests in this time.');
  if (requests.now === 0) return none('No requests in this time.');
  if (errors.now !== null && errors.now >= 0.01) return { kind: errors.now >= 0.05 ? 'critical' : 'warning', text: `${formatValue(errors.now, 'Ratio')} of the requests failed${was(errors.before, 'Ratio')}.` };
  if (p99.now !== null && p99.before !== null && p99.now > 2 * p99.before) {
    return { kind: 'warning', text: `P99 is ${formatValue(p99.now, 'Milliseconds')}, ${formatChange(p99.now, p99.before)} against the time before.` };
  }
  const failed = errors.now === null || errors.now === 0 ? 'No request failed' : `${formatValue(errors.now, 'Ratio')} of the requests failed`;
  return { kind: 'ok', text: `${failed}; half of them took less than ${formatValue(summary('RequestLatency_P50').now, 'Milliseconds')}, 99 of 100 less than ${formatValue(p99.now, 'Milliseconds')}.` };
}

function was(before: number | null, unit: string): string {
  return before === null ? '' : ` (before: ${formatValue(before, unit)})`;
}

/** A part of the way of a request, with its mean time in milliseconds. */
export interface Hop {
  name: string;
  mean: number | null;
}

/** Where does the time go? The hop that takes most. */
export function timeVerdict(hops: readonly Hop[]): Verdict {
  const known = hops.filter((h): h is { name: string; mean: number } => h.mean !== null);
  const total = known.reduce((sum, h) => sum + h.mean, 0);
  const most = [...known].sort((a, b) => b.mean - a.mean)[0];
  if (most === undefined || total === 0) return none('No request was measured in this time.');
  const kind = most.name.includes('queue') && most.mean > total / 2 ? 'warning' : 'info';
  return { kind, text: `${formatValue(most.mean / total, 'Ratio')} of the mean request is ${most.name}: ${formatValue(most.mean, 'Milliseconds')} of ${formatValue(total, 'Milliseconds')}.` };
}

/** Scale or tune? What waits is a matter of capacity, what computes is one of the model. */
export function scaleVerdict(summary: Summary): Verdict {
  const share = summary('QueueShare').now;
  const waiting = summary('ModelRequestsWaiting').now;
  if (share === null && waiting === null) return none('The model server tells nothing of its queue.');
  const queue = share === null ? '' : `${formatValue(share, 'Ratio')} of the time in the engine is waiting`;
  const line = waiting === null ? '' : `${formatValue(waiting, 'Count')} requests wait on average`;
  const said = [queue, line].filter((t) => t !== '').join('; ');
  if ((share ?? 0) >= 0.3) return { kind: 'warning', text: `${said}: more instances would help.` };
  if ((share ?? 0) >= 0.1) return { kind: 'info', text: `${said}: near its capacity.` };
  return { kind: 'ok', text: `${said}: faster answers need a faster model, not more instances.` };
}

/** Is the GPU doing work? Busy is not working: its units are looked at before GPU_UTIL. */
export function gpuVerdict(summary: Summary): Verdict {
  const busy = summary('GpuUtilizationPercentage').now;
  const sm = summary('GpuSmActivity').now;
  const dram = summary('GpuDramActivity').now;
  const throttled = summary('GpuThrottleRatio').now;
  if (busy === null && sm === null) return none('No GPU was seen.');
  if (throttled !== null && throttled >= 0.05) return { kind: 'warning', text: `Its clocks were held back for ${formatValue(throttled, 'Ratio')} of the time.` };
  if (busy !== null && sm !== null && busy > 50 && sm < busy / 3) {
    return { kind: 'warning', text: `Busy ${formatValue(busy, 'Percent')} of the time, yet ${formatValue(sm, 'Percent')} of its units work: small batches, or waiting for data.` };
  }
  const use = formatValue(sm ?? busy, 'Percent');
  const memory = dram === null ? '' : `, its memory is moving data ${formatValue(dram, 'Percent')} of the time`;
  return { kind: 'info', text: `${sm === null ? `Busy ${use} of the time` : `${use} of its units work`}${memory}.` };
}

/** Is the cache working? */
export function cacheVerdict(summary: Summary): Verdict {
  const hits = summary('PrefixCacheHitRatio').now;
  const full = summary('CacheUtilization').now;
  if (hits === null && full === null) return none('The model server tells nothing of a cache.');
  const parts = [hits === null ? '' : `${formatValue(hits, 'Ratio')} of what was looked up was there`, full === null ? '' : `it is ${formatValue(full, 'Percent')} full`].filter((t) => t !== '');
  return { kind: full !== null && full > 95 ? 'warning' : 'info', text: `${parts.join('; ')}.`.replace(/^i/, 'I') };
}

/** A sister of others: an instance among the instances. */
export interface Sister {
  name: string;
  p99: number | null;
  errors: number | null;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** Is one instance different? The one that is furthest from the middle of the others, in latency or in errors. */
export function differenceVerdict(sisters: readonly Sister[], what: string): Verdict {
  if (sisters.length < 2) return none(`There is only one ${what}.`);
  let worst: { factor: number; text: string } | undefined;
  for (const s of sisters) {
    const rest = sisters.filter((o) => o !== s);
    const consider = (value: number | null, others: (number | null)[], unit: string, floor: number, say: (v: string, m: string) => string) => {
      const known = others.filter((v): v is number => v !== null);
      if (value === null || known.length === 0) return;
      const middle = median(known);
      const factor = value / Math.max(middle, floor);
      if (value > floor && factor >= 1.5 && factor > (worst?.factor ?? 0)) worst = { factor, text: say(formatValue(value, unit), formatValue(middle, unit)) };
    };
    consider(s.p99, rest.map((o) => o.p99), 'Milliseconds', 1, (v, m) => `${s.name} is slower: P99 ${v}, the others ${m}.`);
    consider(s.errors, rest.map((o) => o.errors), 'Ratio', 0.01, (v, m) => `${s.name} fails more: ${v} of its requests, the others ${m}.`);
  }
  if (worst === undefined) {
    return sisters.every((s) => s.p99 === null) ? none('No request was measured in this time.') : { kind: 'ok', text: `All ${sisters.length} ${what}s are alike.` };
  }
  return { kind: worst.factor >= 3 ? 'critical' : 'warning', text: worst.text };
}
