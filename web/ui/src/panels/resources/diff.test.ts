import { expect, it } from 'vitest';
import { changes } from './diff';

it.each([
  [{ a: 1, b: [{ c: 'x' }] }, { a: 2, b: [{ c: 'x' }, { c: 'y' }] }, [{ path: 'a', before: '1', after: '2' }, { path: 'b[1].c', after: '"y"' }]],
  [{ a: [] }, { a: [1] }, [{ path: 'a', before: '[]' }, { path: 'a[0]', after: '1' }]],
  [undefined, { a: null }, [{ path: 'a', after: 'null' }]],
  [{ a: { b: 1 } }, undefined, [{ path: 'a.b', before: '1' }]],
  [{ a: 1 }, { a: 1 }, []],
])('%j to %j', (before, after, want) => {
  expect(changes(before, after)).toEqual(want);
});
