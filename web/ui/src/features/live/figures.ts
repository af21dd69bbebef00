/** What a scope did over the last seconds, in numbers. */

import { second } from '@/lib/time';
import { between, rowOf, type Buffer, type Split } from './buffer';
import { Durations, percentiles, type PercentileKey } from './durations';

export interface Figures {
  /** How many seconds these are of: those that came. */
  seconds: number;
  /** Requests, failures and their rate; null where no proxy tells of them. */
  requests: number | null;
  failures: number | null;
  rate: number | null;
  /** Percentiles of durations in seconds; null where there are too few requests for them. */
  duration: Record<PercentileKey, number | null>;
  longest: number | null;
  outputTokens: number | null;
  /** Of the last second that came. */
  inFlight: number | null;
  cpu: number | null;
  memory: number | null;
  gpu: number | null;
  gpuAge: number | null;
  /** Requests that are in no number, because proxies were too busy to count them. */
  uncounted: number;
  /** When the last second began, in milliseconds. */
  last: number | null;
}

/** The figures of a scope, or of a part of it, over the time before `end`. */
export function figuresOf(buffer: Buffer, end: number, over: number, factor: number, split: Split = 'none', scope = ''): Figures {
  const window = new Durations(factor);
  const out: Figures = {
    seconds: 0, requests: null, failures: null, rate: null, duration: { p50: null, p90: null, p95: null, p99: null }, longest: null, outputTokens: null,
    inFlight: null, cpu: null, memory: null, gpu: null, gpuAge: null, uncounted: 0, last: null,
  };
  let told = 0;
  for (const { at, event } of between(buffer, end - over, end)) {
    const row = rowOf(event, split, scope);
    if (row === undefined) continue;
    out.seconds++;
    out.last = at;
    out.inFlight = row.in_flight;
    out.cpu = row.cpu?.mean ?? null;
    out.memory = row.memory?.mean ?? null;
    out.gpu = row.gpu?.utilization?.mean ?? null;
    out.gpuAge = row.gpu?.age_seconds ?? null;
    out.uncounted += row.uncounted ?? 0;
    const t = row.traffic;
    if (t === null) continue;
    told++;
    out.requests = (out.requests ?? 0) + t.requests;
    out.failures = (out.failures ?? 0) + t.failures;
    if (t.output_tokens !== null) out.outputTokens = (out.outputTokens ?? 0) + t.output_tokens;
    if (t.duration !== null) out.longest = Math.max(out.longest ?? 0, t.duration.max);
    window.add(t);
  }
  if (out.requests !== null) out.rate = out.requests / told;
  if (out.outputTokens !== null) out.outputTokens /= told;
  if (out.longest !== null) for (const { key, q } of percentiles) out.duration[key] = window.quantile(q, out.longest);
  return out;
}

/** The share of the requests that failed; null without requests. */
export function failureShare({ requests, failures }: Figures): number | null {
  return requests === null || failures === null || requests === 0 ? null : failures / requests;
}

/** How many seconds of the time before `end` did not come, from the first that is held on. */
export function missingSeconds(buffer: Buffer, end: number, length: number): number {
  const first = buffer[0];
  if (first === undefined) return 0;
  const start = Math.max(first.at, end - length);
  return Math.max(0, (end - start) / second - between(buffer, start, end).length);
}
