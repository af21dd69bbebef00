import { expect, it } from 'vitest';
import { densitiesOf } from './density';

const sum = (list: number[] | undefined) => (list ?? []).reduce((a, b) => a + b, 0);

it('shares out all observations of each scope, whatever its buckets are', () => {
  const d = densitiesOf([
    [
      { from: 0, to: 10, count: 5 },
      { from: 10, to: 1000, count: 15 },
    ],
    [
      { from: 40, to: 50, count: 3 },
      { from: 50, to: Number.POSITIVE_INFINITY, count: 1 },
    ],
    [],
  ]);
  expect(d?.shares.map((s) => (s === undefined ? undefined : Number(sum(s).toFixed(9))))).toEqual([1, 1, undefined]);
  expect(d?.bounds[0]).toBe(5);
  expect(d?.bounds.at(-1)).toBeGreaterThanOrEqual(1000);
  expect(d?.shares[1]?.at(-1)).toBeCloseTo(0.25);
});

it('puts a bucket into the steps that it covers', () => {
  const d = densitiesOf([[{ from: 100, to: 200, count: 8 }], [{ from: 200, to: 400, count: 8 }]]);
  const middle = (d?.bounds.length ?? 0) / 2 - 0.5;
  expect(sum(d?.shares[0]?.slice(0, middle))).toBeCloseTo(1);
  expect(sum(d?.shares[1]?.slice(middle))).toBeCloseTo(1);
});

it('has nothing to show of nothing', () => {
  expect(densitiesOf([[], [{ from: 1, to: 2, count: 0 }]])).toBeUndefined();
});
