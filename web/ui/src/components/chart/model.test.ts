import { describe, expect, it } from 'vitest';
import { columns, summarise, valueRange, type ChartSeries } from './model';

const series = (key: string, values: (number | null)[]): ChartSeries => ({ key, label: key, colour: { light: '', dark: '' }, values });

it('stacks what there is, and lacks where all lack', () => {
  expect(columns('stack', [series('a', [1, null, null]), series('b', [2, 3, null])])).toEqual([
    [1, null, null],
    [3, 3, null],
  ]);
  expect(columns('line', [series('a', [1, null])])).toEqual([[1, null]]);
});

it('summarises the windows that have data', () => {
  expect(summarise([null, 4, 2, null])).toEqual({ last: 2, min: 2, mean: 3, max: 4 });
  expect(summarise([null])).toEqual({ last: null, min: null, mean: null, max: null });
});

describe('valueRange', () => {
  it.each([
    [5, 100, true, [0, 106]],
    [-50, 50, true, [-56, 56]],
    [50, 60, false, [49.4, 60.6]],
    [0, 0, true, [0, 1]],
    [7, 7, true, [0, 7.42]],
    [40, 40, false, [36, 44]],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true, [0, 1]],
  ] as const)('%d to %d', (low, high, zero, want) => {
    const [a, b] = valueRange(low, high, zero);
    expect([Number(a.toFixed(6)), Number(b.toFixed(6))]).toEqual([...want]);
  });
});
