import { expect, it } from 'vitest';
import { EventParser } from './events';

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

it('passes over retry, which comes before the first event', () => {
  expect(new EventParser().push('retry: 2000\nevent: watch\ndata: {}\n\n')).toEqual([{ name: 'watch', data: '{}' }]);
});
