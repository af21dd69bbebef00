import { describe, expect, it } from 'vitest';
import { emptyBuffer, mostRows, withRows } from './buffer';
import { EventParser } from './events';

describe('EventParser', () => {
  const stream = ': still here\n\nevent: table\ndata: {"columns":[]}\n\nevent: rows\ndata: [[1]]\n\n';

  it.each([1, 7, 1000])('reads pieces of %d characters', (size) => {
    const parser = new EventParser();
    const got = [];
    for (let i = 0; i < stream.length; i += size) got.push(...parser.push(stream.slice(i, i + size)));
    expect(got).toEqual([
      { name: 'table', data: '{"columns":[]}' },
      { name: 'rows', data: '[[1]]' },
    ]);
  });

  it('keeps what is not whole yet', () => {
    const parser = new EventParser();
    expect(parser.push('data: a\ndata: b\n')).toEqual([]);
    expect(parser.push('\n')).toEqual([{ name: 'message', data: 'a\nb' }]);
  });
});

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
