/** What the stream says, in words. */

import type { Problem } from '@/api/problem';
import { formatDuration } from '@/lib/units';
import { between, type Buffer } from './buffer';
import type { SilentReason } from './types';

export const silentWords: Record<SilentReason, { word: string; why: string }> = {
  late: { word: 'late', why: 'Its stream is open, but its frame of this second did not come in time.' },
  cannot_filter: { word: 'cannot filter', why: 'Its agent is older than the server and cannot count by this filter.' },
  not_connected: {
    word: 'no stream',
    why: 'It pushes metrics, but has no stream open. Its agent is too old, live.enabled is off there, or something in between does not let WebSockets through.',
  },
  missing: { word: 'silent', why: 'It does not push any more: it or its agent is stopped.' },
};

export const noProxy = 'No instance has a proxy that tells of requests.';

/** Why nothing is known of the requests of the time before `end`; undefined where somebody told of them. */
export function unknownRequests(buffer: Buffer, end: number, length: number): string | undefined {
  const seconds = between(buffer, end - length, end);
  if (seconds.length === 0) return `No second came in the last ${formatDuration(length)}.`;
  if (seconds.every(({ event }) => event.total === null)) return `No instance answered in the last ${formatDuration(length)}.`;
  return seconds.some(({ event }) => event.total?.traffic != null) ? undefined : noProxy;
}

/** Why the stream ended, as its last event says. */
export function endWords(reason: string): string {
  if (reason === 'the server stops') return 'The server stops. The page goes on as soon as it is back.';
  return reason === '' ? 'The server ended the stream without a reason.' : `The server ended the stream: ${reason}.`;
}

/** What a refusal means for whoever watches. */
export function problemWords(problem: Problem): string {
  if (problem.detail.includes('live.max_watchers')) return 'As many people watch as the server allows (live.max_watchers). The page tries again until one of them leaves.';
  if (problem.detail.includes('live.max_filters')) return 'As many different filters are watched as the server allows (live.max_filters). Without a filter it works, or as soon as somebody else leaves.';
  return problem.detail;
}
