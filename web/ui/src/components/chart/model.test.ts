import { describe, expect, it } from 'vitest';
import { columns, drawnKind, extentOf, pastLines, summarise, valueRange, type ChartSeries } from './model';

const series = (key: string, values: (number | null)[]): ChartSeries => ({ key, label: key, colour: { light: '', dark: '' }, values });

const tops = (...args: Parameters<typeof columns>) => columns(...args).map((c) => c.tops);

describe('columns', () => {
  it.each([
    ['lines are as they are', 'line', [series('a', [1, null])], [[1, null]]],
    [
      'what lacks adds nothing, and all lack where all lack',
      'stack',
      [series('a', [1, null, null]), series('b', [2, 3, null])],
      [
        [1, 0, null],
        [3, 3, null],
      ],
    ],
    [
      'what is below zero is added downwards',
      'bar',
      [series('a', [1, -1]), series('b', [-2, -3])],
      [
        [1, -1],
        [-2, -4],
      ],
    ],
  ] as const)('%s', (_name, kind, given, want) => {
    expect(tops(kind, given)).toEqual(want);
  });

  it('stacks each unit for itself', () => {
    expect(tops('stack', [series('a', [1]), { ...series('b', [5]), unit: 'Bytes' }, series('c', [2])], 'Count')).toEqual([[1], [5], [3]]);
  });

  it('says where a bar begins', () => {
    expect(columns('bar', [series('a', [1, 2]), series('b', [4, -1])]).map((c) => c.bases)).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });
});

it('draws a stack with values below zero as lines', () => {
  expect(drawnKind('stack', [series('a', [1, null])])).toBe('stack');
  expect(drawnKind('stack', [series('a', [1, -1])])).toBe('line');
  expect(drawnKind('bar', [series('a', [-1])])).toBe('bar');
});

it('adds up the past where series lie upon each other', () => {
  const a = { ...series('a', [1, 2, 3]), past: [1, null, null] };
  const b = { ...series('b', [1, 2, 3]), past: [2, 3, null] };
  expect(pastLines('stack', [a, b], 'Count').map((l) => l.values)).toEqual([[3, 3, null]]);
  expect(pastLines('line', [a, series('c', [1])], 'Count').map((l) => [l.series?.key, l.values])).toEqual([['a', [1, null, null]]]);
});

it('knows the least and the greatest of series', () => {
  expect(extentOf([series('a', [null, 4]), { ...series('b', [1]), past: [9, null] }])).toEqual([1, 9]);
  expect(extentOf([series('a', [null])])).toBeUndefined();
});

it('summarises the windows that have data', () => {
  expect(summarise([null, 4, 2, null])).toEqual({ last: 2, min: 2, mean: 3, max: 4 });
  expect(summarise([null])).toEqual({ last: null, min: null, mean: null, max: null });
});

describe('valueRange', () => {
  it.each([
    [5, 100, true, [0, 106]],
    [-50, 50, true, [-56, 56]],
    [-50, -10, true, [-53, 0]],
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
