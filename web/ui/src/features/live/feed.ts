/** What the stream has told so far, and what state it is in. */

import type { Problem } from '@/api/problem';
import { second } from '@/lib/time';
import { withSecond, type Buffer } from './buffer';
import type { LiveSecond, WatchEvent } from './types';

export type FeedState =
  | { kind: 'connecting' }
  | { kind: 'live' }
  /** The connection is lost; when the next try is, by this browser's clock. */
  | { kind: 'lost'; problem: Problem; next: number }
  /** The server does not take the question. */
  | { kind: 'refused'; problem: Problem }
  /** Nobody looks, so nothing is watched. */
  | { kind: 'asleep' };

export interface Feed {
  state: FeedState;
  buffer: Buffer;
  /** Where the time axis ends, by the server's clock; undefined before the first second. */
  end: number | undefined;
  /** How far the server's clock is ahead of this browser's, in milliseconds, and what bounds that. */
  ahead: number;
  bounds: readonly [number, number];
  factor: number;
  /** Seconds that the server left out, because this browser was too slow. */
  dropped: number;
}

export const emptyFeed: Feed = { state: { kind: 'connecting' }, buffer: [], end: undefined, ahead: 0, bounds: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY], factor: 2 ** (1 / 8), dropped: 0 };

/** All with when they happened by this browser's clock. */
export type FeedAction =
  | { kind: 'connect' }
  /** `asked` is when the question was sent. */
  | { kind: 'watch'; event: WatchEvent; asked: number; now: number }
  | { kind: 'second'; event: LiveSecond; now: number }
  | { kind: 'dropped'; seconds: number }
  | { kind: 'problem'; problem: Problem; next: number | undefined }
  | { kind: 'sleep' }
  | { kind: 'tick'; now: number };

/** From when on a second that did not come is a gap. */
const patience = 2500;

export function reduceFeed(feed: Feed, action: FeedAction): Feed {
  switch (action.kind) {
    case 'connect':
      return { ...feed, state: { kind: 'connecting' } };
    case 'watch': {
      // The server looked at its clock after the question was sent, and before its answer was here.
      const server = Date.parse(action.event.server_time);
      const bounds: [number, number] = Number.isNaN(server) ? [0, 0] : [server - action.now, server - action.asked];
      return { ...feed, ...clock(bounds), state: { kind: 'live' }, factor: action.event.histogram_factor };
    }
    case 'second': {
      // No second is shown before its end.
      const end = Date.parse(action.event.second) + second;
      const [low, high] = feed.bounds;
      const known = end - action.now > low ? clock([end - action.now, Math.max(high, end - action.now)]) : { ahead: feed.ahead };
      const buffer = withSecond(feed.buffer, action.event, action.now + known.ahead);
      const last = buffer.at(-1);
      return { ...feed, ...known, state: { kind: 'live' }, buffer, end: last === undefined ? feed.end : Math.max(last.at + second, feed.end ?? 0) };
    }
    case 'dropped':
      return { ...feed, dropped: feed.dropped + action.seconds };
    case 'problem':
      return { ...feed, state: action.next === undefined ? { kind: 'refused', problem: action.problem } : { kind: 'lost', problem: action.problem, next: action.next } };
    case 'sleep':
      return { ...feed, state: { kind: 'asleep' } };
    case 'tick': {
      // Time goes on also where nothing comes, so that the gap is seen.
      const server = action.now + feed.ahead;
      if (feed.end === undefined || feed.state.kind === 'asleep' || server - feed.end <= patience) return feed;
      return { ...feed, end: Math.floor((server - patience) / second) * second + second };
    }
  }
}

/** Within the bounds, that two clocks agree is the best guess. */
function clock(bounds: readonly [number, number]): Pick<Feed, 'ahead' | 'bounds'> {
  return { bounds, ahead: Math.min(Math.max(0, bounds[0]), bounds[1]) };
}

/** How far behind what a held page shows is, in milliseconds. */
export function behind(shown: Feed, feed: Feed): number {
  return Math.max(0, (feed.end ?? 0) - (shown.end ?? feed.end ?? 0));
}

export interface Delay {
  /** Of the last second, from its end until it came; in milliseconds. */
  last: number;
  /** The longest of the seconds that are held. */
  longest: number;
}

/** How late seconds come; undefined before the first. */
export function delayOf(buffer: Buffer): Delay | undefined {
  const last = buffer.at(-1);
  return last === undefined ? undefined : { last: last.delay, longest: Math.max(...buffer.map((h) => h.delay)) };
}
