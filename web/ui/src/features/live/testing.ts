/** Seconds for tests. */

import type { LiveRow, LiveSecond, LiveTraffic } from './types';

export const start = Date.parse('2026-11-28T08:00:00Z');

/** Requests of a second, all in one bucket: those of index -26 took between 96 and 105 ms. */
export function traffic(requests: number, { failures = 0, bucket = -26, max = 0.1 } = {}): LiveTraffic {
  const ok = requests - failures;
  return {
    requests,
    failures,
    status: { ...(ok > 0 ? { '2xx': ok } : {}), ...(failures > 0 ? { '5xx': failures } : {}) },
    duration: requests === 0 ? null : { mean: max, p50: max, p90: max, p95: max, p99: max, max, histogram: [[bucket, requests]] },
    request_bytes: 0,
    response_bytes: 0,
    input_tokens: null,
    output_tokens: null,
  };
}

export function row(scope: string, of: Partial<LiveRow> = {}): LiveRow {
  return { scope, answered: 1, traffic: traffic(1), in_flight: 0, cpu: null, memory: null, gpu: null, ...of };
}

/** The second of that number after the start. */
export function secondOf(n: number, of: Partial<LiveSecond> = {}): LiveSecond {
  return {
    second: new Date(start + n * 1000).toISOString(),
    instances: { answered: 1, connected: 1, known: 1, silent: [] },
    total: row('chat'),
    children: [],
    failing: [],
    slowest: [],
    ...of,
  };
}
