import { describe, expect, it } from 'vitest';
import { heatExtent, heatLegend, labelStep, shadeCount, shadeOf, shades, short } from './heat';

const row = (values: (number | null)[]) => ({ key: 'r', label: 'r', values });

describe('heatExtent', () => {
  it.each([
    ['from 0', [2, 8], true, [0, 8]],
    ['below 0', [-2, 8], true, [-2, 8]],
    ['far from 0', [50, 60], false, [50, 60]],
    ['one value', [50], false, [50, 100]],
    ['nothing but zeros', [0, 0], true, [0, 1]],
    ['no data', [null], true, [0, 1]],
  ] as const)('%s', (_name, values, zero, want) => {
    expect(heatExtent([row([...values])], zero)).toEqual(want);
  });
});

it('shades values in even or finer steps', () => {
  expect(shadeOf(0, [0, 100], 'linear')).toBe(0);
  expect(shadeOf(100, [0, 100], 'linear')).toBe(shadeCount - 1);
  expect(shadeOf(1e9, [0, 100], 'linear')).toBe(shadeCount - 1);
  expect(shadeOf(25, [0, 100], 'root')).toBe(Math.round((shadeCount - 1) / 2));
});

it('has one shade for each step', () => {
  expect(new Set(shades(false)).size).toBe(shadeCount);
  expect(shades(true)[0]).toBe('rgb(34 42 71)');
});

it('says what the shades stand for', () => {
  expect(heatLegend([0, 100], 'root', 'Percent')).toEqual(['0\u00a0%', '25\u00a0%', '100\u00a0%']);
});

it('labels as many rows as there is room for', () => {
  expect([labelStep(4, 180), labelStep(60, 300), labelStep(1000, 0)]).toEqual([1, 3, 15000]);
});

it('keeps the end of a long name', () => {
  expect([short('blue-1'), short('credit-default-blue-1')]).toEqual(['blue-1', '…t-blue-1']);
});
