/** The seconds that are held: the last five minutes, by when they began. */

import { minute, second } from '@/lib/time';
import type { LiveRow, LiveSecond } from './types';

/** How much is held. */
export const kept = 5 * minute;

export interface Held {
  /** When the second began, by the server's clock, in milliseconds. */
  at: number;
  event: LiveSecond;
  /** How long after its end it came, in milliseconds. A second that is shown again keeps the first. */
  delay: number;
}

/** Oldest first. A second that did not come is not in it: it is a gap, and no zero. */
export type Buffer = readonly Held[];

/** The buffer with a second that came. One that is there already is replaced, as late frames have come. */
export function withSecond(buffer: Buffer, event: LiveSecond, came: number): Buffer {
  const at = Date.parse(event.second);
  if (Number.isNaN(at)) return buffer;
  const place = buffer.findLastIndex((h) => h.at <= at);
  const before = buffer[place];
  const again = before?.at === at;
  const held: Held = { at, event, delay: again ? before.delay : came - (at + second) };
  const newest = Math.max(at, buffer.at(-1)?.at ?? at);
  return [...buffer.slice(0, again ? place : place + 1), held, ...buffer.slice(place + 1)].filter((h) => h.at > newest - kept);
}

/** The seconds that begin from one instant until before another. */
export function between(buffer: Buffer, start: number, end: number): Buffer {
  return buffer.filter((h) => h.at >= start && h.at < end);
}

/** How the rows of a scope are told apart. */
export type Split = 'none' | 'children' | 'instances';

/** The rows of a second, one for each part. */
export function rowsOf(event: LiveSecond, split: Exclude<Split, 'none'>): readonly LiveRow[] {
  return split === 'instances' ? (event.by_instance ?? event.children) : event.children;
}

const maps = { children: new WeakMap<LiveSecond, Map<string, LiveRow>>(), instances: new WeakMap<LiveSecond, Map<string, LiveRow>>() };

/** What a part did in a second; undefined where it gave no frame. Without a part, what all did. */
export function rowOf(event: LiveSecond, split: Split, scope: string): LiveRow | undefined {
  if (split === 'none') return event.total ?? undefined;
  let map = maps[split].get(event);
  if (map === undefined) {
    map = new Map(rowsOf(event, split).map((row) => [row.scope, row]));
    maps[split].set(event, map);
  }
  return map.get(scope);
}
