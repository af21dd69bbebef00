import { expect, it } from 'vitest';
import { emptyBuffer, mostRows, withRows } from './buffer';

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
