import { expect, test } from 'vitest';
import { emptyDashboard, type Dashboard } from '@/lib/dashboard';
import { byTile, inWords, newTile, placeInWords, withCopy, withoutTile, withTile, wrongTiles } from './tiles';

const text = { kind: 'text', text: 'x' } as const;
const one: Dashboard = withTile(emptyDashboard, { ...newTile(emptyDashboard, text), title: 'Notes' });
const two = withTile(one, newTile(one, text));

test('tiles are added where there is room, changed, copied and removed', () => {
  expect(two.tiles.map((t) => [t.id, t.x, t.y])).toEqual([
    ['t1', 0, 0],
    ['t2', 6, 0],
  ]);
  expect(withTile(two, { ...two.tiles[0], id: 't1', title: 'Other' } as Dashboard['tiles'][number]).tiles.map((t) => t.title)).toEqual(['Other', '']);
  expect(withCopy(two, 't1').tiles.at(-1)).toMatchObject({ id: 't3', title: 'Notes', x: 0, y: 2 });
  expect(withCopy(two, 'nope')).toBe(two);
  expect(withoutTile(withCopy(two, 't1'), 't1').tiles.map((t) => [t.id, t.y])).toEqual([
    ['t2', 0],
    ['t3', 0],
  ]);
});

test('mistakes name the tile', () => {
  expect(inWords({ field: 'tiles[0].chart.filter', rule: 'must parse' }, one).field).toBe('Tile “Notes”, chart.filter:');
  expect(inWords({ field: 'title', rule: 'must be short' }, one).field).toBe('title');
  expect([...wrongTiles([{ field: 'tiles[1].logs.query' }, { field: 'tiles[9]' }, { field: 'tags' }], two)]).toEqual(['t2']);
});

test('a place in words counts from one', () => {
  const [t] = one.tiles;
  expect(t === undefined ? '' : placeInWords(t)).toBe('Notes: column 1, row 1, 6 wide, 2 high');
});

test('documents are compared tile by tile, whatever their order', () => {
  const a = { id: 'a', x: 0 };
  const b = { id: 'b', x: 6 };
  expect(byTile({ name: 'n', etag: '1', tiles: [a, b] })).toEqual(byTile({ name: 'n', etag: '2', tiles: [b, a] }));
  expect(byTile({ name: 'n' })).toEqual({ name: 'n', tiles: {} });
});
