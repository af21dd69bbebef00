import { describe, expect, test } from 'vitest';
import type { Box } from './dashboard';
import { bottomOf, fitted, freePlace, inReadingOrder, moved, resized, stepped, tidied } from './dashboardGrid';

type Placed = Box & { id: string };

/** Tiles from lines such as "a 0,0 6x4". */
const tiles = (text: string): Placed[] =>
  text
    .trim()
    .split(/\s*\|\s*/)
    .map((line) => {
      const [id = '', at = '', size = ''] = line.split(' ');
      const [x = 0, y = 0] = at.split(',').map(Number);
      const [w = 0, h = 0] = size.split('x').map(Number);
      return { id, x, y, w, h };
    });
const written = (list: readonly Placed[]) => list.map((t) => `${t.id} ${t.x},${t.y} ${t.w}x${t.h}`).join(' | ');

const overlap = (list: readonly Placed[]) => list.some((a, i) => list.some((b, k) => k > i && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h));

describe('moving a tile', () => {
  const f = (before: string, id: string, x: number, y: number, after: string) => expect(written(moved(tiles(before), id, x, y))).toBe(after);

  test('aside puts what is there below it', () => f('a 0,0 6x4 | b 6,0 6x4', 'a', 3, 0, 'a 3,0 6x4 | b 6,4 6x4'));
  test('past the middle of the next goes below it', () => f('a 0,0 6x4 | b 0,4 6x4', 'a', 0, 4, 'a 0,4 6x4 | b 0,0 6x4'));
  test('not past its middle changes nothing', () => f('a 0,0 6x4 | b 0,4 6x4', 'a', 0, 3, 'a 0,0 6x4 | b 0,4 6x4'));
  test('up takes the place of the one above', () => f('a 0,0 6x4 | b 0,4 6x4', 'b', 0, 0, 'a 0,4 6x4 | b 0,0 6x4'));
  test('leaves no gap behind', () => f('a 0,0 6x4 | b 0,4 6x2', 'a', 6, 0, 'a 6,0 6x4 | b 0,0 6x2'));
  test('stays on the grid', () => f('a 0,0 6x4', 'a', 20, -3, 'a 6,0 6x4'));
  test('that is not there changes nothing', () => f('a 0,0 6x4', 'z', 1, 1, 'a 0,0 6x4'));
});

describe('resizing a tile', () => {
  const f = (before: string, id: string, w: number, h: number, after: string) => expect(written(resized(tiles(before), id, w, h))).toBe(after);

  test('pushes down what is in its way', () => f('a 0,0 6x4 | b 6,0 6x2 | c 6,2 6x2', 'a', 8, 4, 'a 0,0 8x4 | b 6,4 6x2 | c 6,6 6x2'));
  test('higher pushes what is below', () => f('a 0,0 6x4 | b 0,4 6x4', 'a', 6, 6, 'a 0,0 6x6 | b 0,6 6x4'));
  test('smaller lets the others up', () => f('a 0,0 6x4 | b 0,4 6x4', 'a', 6, 2, 'a 0,0 6x2 | b 0,2 6x4'));
  test('ends at the edge and at its least', () => f('a 8,0 4x4', 'a', 9, 0, 'a 8,0 4x1'));
  test('no narrower than two', () => f('a 0,0 4x4', 'a', 1, 50, 'a 0,0 2x40'));
});

describe('a step by key', () => {
  const before = tiles('a 0,0 6x4 | b 0,4 6x4 | c 6,0 6x2');
  const f = (id: string, direction: 'left' | 'right' | 'up' | 'down', after: string) => expect(written(stepped(before, id, direction))).toBe(after);

  test('down goes over the next tile at once', () => f('a', 'down', 'a 0,4 6x4 | b 0,0 6x4 | c 6,0 6x2'));
  test('up likewise', () => f('b', 'up', 'a 0,4 6x4 | b 0,0 6x4 | c 6,0 6x2'));
  test('aside is one column', () => f('c', 'left', 'a 0,2 6x4 | b 0,6 6x4 | c 5,0 6x2'));
  test('nowhere changes nothing', () => f('b', 'down', written(before)));
  test('off the grid changes nothing', () => f('c', 'right', written(before)));
});

test('tiles never overlap, whatever is done to them', () => {
  let seed = 7;
  const random = (n: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % n;
  };
  let list: Placed[] = [];
  for (let i = 0; i < 12; i++) list = [...list, { id: `t${i}`, ...freePlace(list, 2 + random(6), 1 + random(5)) }];
  expect(overlap(list)).toBe(false);
  const directions = ['left', 'right', 'up', 'down'] as const;
  for (let i = 0; i < 500; i++) {
    const id = `t${random(12)}`;
    const what = random(3);
    list = what === 0 ? moved(list, id, random(14) - 1, random(40) - 2) : what === 1 ? resized(list, id, random(14), random(12)) : stepped(list, id, directions[random(4)] ?? 'up');
    expect(overlap(list)).toBe(false);
    expect(list.every((t) => t.x >= 0 && t.x + t.w <= 12 && t.w >= 2 && t.h >= 1)).toBe(true);
    expect(written(tidied(list))).toBe(written(list));
  }
});

test('places', () => {
  expect(freePlace(tiles('a 0,0 6x4'), 6, 2)).toEqual({ x: 6, y: 0, w: 6, h: 2 });
  expect(freePlace(tiles('a 0,0 8x4'), 6, 2)).toEqual({ x: 0, y: 4, w: 6, h: 2 });
  expect(bottomOf([])).toBe(0);
  expect(fitted({ x: 11, y: 2.4, w: 4.2, h: 0 })).toEqual({ x: 8, y: 2, w: 4, h: 1 });
  expect(inReadingOrder(tiles('b 6,0 6x4 | c 0,4 6x1 | a 0,0 6x4')).map((t) => t.id)).toEqual(['a', 'b', 'c']);
});
