/** The requests that failed or took long, as they come. */

import { quote } from '@/lib/kql';
import { formatUTC, minute } from '@/lib/time';
import { between, type Buffer } from './buffer';
import type { LiveRequest } from './types';

export interface Sampled {
  key: string;
  request: LiveRequest;
  /** When it began, by its instance's clock, in milliseconds. */
  at: number;
}

const most = 50;

const sampled = (request: LiveRequest): Sampled => ({ key: `${request.scope} ${request.request_id} ${request.time}`, request, at: Date.parse(request.time) });

/** Failing requests of the time before `end`, those of the last second first. */
export function failingOf(buffer: Buffer, end: number, length: number): Sampled[] {
  return between(buffer, end - length, end)
    .flatMap(({ event }) => event.failing)
    .slice(-most)
    .reverse()
    .map(sampled);
}

/** The longest requests of the time before `end`. */
export function slowestOf(buffer: Buffer, end: number, length: number): Sampled[] {
  return between(buffer, end - length, end)
    .flatMap(({ event }) => event.slowest)
    .sort((a, b) => b.duration_ms - a.duration_ms)
    .slice(0, most)
    .map(sampled);
}

/** How many requests of the time before `end` failed, of which failing ones are a sample. */
export function failuresOf(buffer: Buffer, end: number, length: number): number {
  return between(buffer, end - length, end).reduce((sum, { event }) => sum + (event.total?.traffic?.failures ?? 0), 0);
}

const logSlack = 5 * minute;

/** The page of logs with every row and line that has the id of a request. Rows of logs come some seconds after it. */
export function requestLogs({ request, at }: Sampled): { to: string; params: Record<string, string> } | undefined {
  if (request.request_id === '' || Number.isNaN(at)) return undefined;
  const id = quote(request.request_id);
  const query = ['union withsource = Table AmlOnlineEndpointTrafficLog, AmlOnlineEndpointConsoleLog', `| where XRequestId == ${id} or Message has ${id}`, '| order by TimeGenerated asc'].join('\n');
  return { to: '/logs', params: { query, start: formatUTC(at - logSlack), end: formatUTC(at + request.duration_ms + logSlack) } };
}
