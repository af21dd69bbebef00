import { expect, it } from 'vitest';
import { readKept, remember, save } from './history';

const run = (query: string, at: number, scope = '') => ({ query, scope, at });

it('has each query once, the last run first, and a bound', () => {
  const list = remember(remember(remember([], run('A', 1)), run('B', 2)), run('A', 3));
  expect(list).toEqual([run('A', 3), run('B', 2)]);
  expect(remember(list, run('A', 4, 'fraud'))).toHaveLength(3);
  let long: ReturnType<typeof remember> = [];
  for (let i = 0; i < 150; i++) long = remember(long, run(String(i), i));
  expect(long).toHaveLength(100);
});

it('saves by name, the later over the earlier', () => {
  const list = save(save(save([], { ...run('A', 1), name: 'q10' }), { ...run('B', 2), name: 'q2' }), { ...run('C', 3), name: 'q10' });
  expect(list.map((k) => [k.name, k.query])).toEqual([
    ['q2', 'B'],
    ['q10', 'C'],
  ]);
});

it.each([
  [undefined, 0],
  ['not json', 0],
  ['{"query":"A"}', 0],
  ['[{"query":"A","scope":"","at":1},{"query":5},null]', 1],
])('reads %j', (text, want) => expect(readKept(text)).toHaveLength(want));
