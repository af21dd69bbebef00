import { expect, it } from 'vitest';
import { previousTime } from './previous';

const hour = { kind: 'relative', length: 3_600_000 };
const key = ['metrics', { scope: ['a'], metric: 'M' }, '', hour];

it.each([
  ['another time', ['metrics', { metric: 'M', scope: ['a'] }, '', { kind: 'absolute', start: 1, end: 2 }], 'kept'],
  ['another scope', ['metrics', { scope: ['b'], metric: 'M' }, '', hour], undefined],
  ['another comparison', ['metrics', { scope: ['a'], metric: 'M' }, '1d', hour], undefined],
  ['another kind of question', ['metrics', { scope: ['a'], metric: 'M' }, hour], undefined],
])('of %s', (_, before, kept) => {
  expect(previousTime(key)('kept', { queryKey: before })).toBe(kept);
});

it('keeps nothing where there was no question', () => {
  const keep = previousTime(key);
  expect(keep<string>(undefined, undefined)).toBeUndefined();
});
