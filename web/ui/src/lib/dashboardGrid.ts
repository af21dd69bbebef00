/** Where tiles lie: on a grid of columns, each as high up as it can be, none over another. */

import { columns, narrowest, tallest, type Box } from './dashboard';

type Placed = Box & { id: string };

const overlapsAcross = (a: Box, b: Box) => a.x < b.x + b.w && b.x < a.x + a.w;

/** A box that lies on the grid. */
export function fitted<T extends Box>(box: T): T {
  const w = Math.min(columns, Math.max(narrowest, Math.round(box.w)));
  const h = Math.min(tallest, Math.max(1, Math.round(box.h)));
  return { ...box, w, h, x: Math.min(columns - w, Math.max(0, Math.round(box.x))), y: Math.max(0, Math.round(box.y)) };
}

/** Lets tiles fall upwards in the given order; what comes first lies above what comes later. Keeps the tiles' own order in the list. */
function fall<T extends Placed>(tiles: readonly T[], ordered: readonly T[]): T[] {
  const done: T[] = [];
  for (const t of ordered) {
    const y = Math.max(0, ...done.filter((d) => overlapsAcross(d, t)).map((d) => d.y + d.h));
    done.push({ ...t, y });
  }
  const byId = new Map(done.map((t) => [t.id, t]));
  return tiles.map((t) => byId.get(t.id) ?? t);
}

function ordered<T extends Placed>(tiles: readonly T[], rank: (t: T) => number): T[] {
  return [...tiles].sort((a, b) => rank(a) - rank(b) || a.x - b.x);
}

/** Closes gaps. */
export function tidied<T extends Placed>(tiles: readonly T[]): T[] {
  return fall(tiles, ordered(tiles, (t) => t.y));
}

/** The tiles after one was put somewhere else. It takes the place of another where its middle passes the other's; what is in its way goes down. */
export function moved<T extends Placed>(tiles: readonly T[], id: string, x: number, y: number): T[] {
  const before = tiles.find((t) => t.id === id);
  if (before === undefined) return [...tiles];
  const after = fitted({ ...before, x, y });
  const now = tiles.map((t) => (t.id === id ? after : t));
  const down = after.y > before.y;
  const tie = down ? 0.25 : -0.25;
  return fall(
    now,
    ordered(now, (t) => t.y + t.h / 2 + (t.id === id ? tie : 0)),
  );
}

/** The tiles after one got another size; what is in its way goes down. */
export function resized<T extends Placed>(tiles: readonly T[], id: string, w: number, h: number): T[] {
  const before = tiles.find((t) => t.id === id);
  if (before === undefined) return [...tiles];
  const now = tiles.map((t) => (t.id === id ? fitted({ ...t, w: Math.min(w, columns - t.x), h }) : t));
  return fall(
    now,
    ordered(now, (t) => t.y - (t.id === id ? 0.25 : 0)),
  );
}

export type Direction = 'left' | 'right' | 'up' | 'down';

const same = (a: readonly Placed[], b: readonly Placed[]) => a.every((t, i) => t.x === b[i]?.x && t.y === b[i].y);

/** The tiles after one went a step: a column aside, or over the next tile above or below. */
export function stepped<T extends Placed>(tiles: readonly T[], id: string, direction: Direction): T[] {
  const from = tiles.find((t) => t.id === id);
  if (from === undefined) return [...tiles];
  if (direction === 'left' || direction === 'right') return moved(tiles, id, from.x + (direction === 'left' ? -1 : 1), from.y);
  const lowest = bottomOf(tiles);
  // A row at a time changes nothing until the middle of a neighbour is passed.
  for (let y = from.y + (direction === 'up' ? -1 : 1); y >= 0 && y <= lowest; y += direction === 'up' ? -1 : 1) {
    const next = moved(tiles, id, from.x, y);
    if (!same(next, tiles)) return next;
  }
  return [...tiles];
}

/** The row below the last tile. */
export function bottomOf(tiles: readonly Box[]): number {
  return Math.max(0, ...tiles.map((t) => t.y + t.h));
}

/** The uppermost place where a new tile fits, leftmost among these. */
export function freePlace(tiles: readonly Box[], w: number, h: number): Box {
  const clear = (box: Box) => tiles.every((t) => !overlapsAcross(t, box) || t.y >= box.y + box.h || box.y >= t.y + t.h);
  const end = bottomOf(tiles);
  for (let y = 0; y < end; y++) {
    for (let x = 0; x + w <= columns; x++) {
      const box = { x, y, w, h };
      if (clear(box)) return box;
    }
  }
  return { x: 0, y: end, w, h };
}

/** Tiles as one reads them: from above, and from the left. */
export function inReadingOrder<T extends Box>(tiles: readonly T[]): T[] {
  return [...tiles].sort((a, b) => a.y - b.y || a.x - b.x);
}
