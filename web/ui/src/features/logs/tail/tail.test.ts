import { expect, it } from 'vitest';
import { emptyBuffer, gapParams, mostRows, queued, withGap, withOverflow, withRows } from './buffer';

it('holds the last rows, newest first', () => {
  let buffer = withRows(emptyBuffer, [[1], [2]]);
  buffer = withRows(buffer, [[3]]);
  expect(buffer.rows).toEqual([[3], [2], [1]]);
  buffer = withRows(buffer, Array.from({ length: mostRows + 10 }, (_, i) => [i]));
  expect(buffer.rows).toHaveLength(mostRows);
  expect(buffer.rows[0]).toEqual([mostRows + 9]);
  expect(buffer.total).toBe(mostRows + 13);
  expect(withRows(buffer, [])).toBe(buffer);
});

it('counts what waited and had to go', () => {
  const first = queued([], Array.from({ length: mostRows }, (_, i) => [i]));
  expect(first.overflow).toBe(0);
  const { queue, overflow } = queued(first.queue, [['a'], ['b']]);
  expect([queue.length, queue[0], queue.at(-1), overflow]).toEqual([mostRows, [2], ['b'], 2]);
  expect(withOverflow(emptyBuffer, overflow)).toMatchObject({ total: 2, overflowed: 2 });
});

it('leads to the rows that were not followed', () => {
  const at = Date.parse('2026-03-01T10:00:00Z');
  let buffer = emptyBuffer;
  for (let i = 0; i < 5; i++) buffer = withGap(buffer, { start: at + i, end: at + 10_000 });
  expect(buffer.gaps.map((g) => g.start - at)).toEqual([2, 3, 4]);
  expect(gapParams({ start: at, end: at + 10_000 }, 'T', 'chat', ' A > 1 ')).toEqual({ query: 'T\n| where A > 1\n| order by TimeGenerated asc', scope: 'chat', start: '2026-03-01T09:59:00Z', end: '2026-03-01T10:00:11Z' });
  expect(gapParams({ start: at, end: at }, 'T', '', '')).not.toHaveProperty('scope');
});
