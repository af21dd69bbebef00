import { describe, expect, it } from 'vitest';
import { hour, minute, second } from '@/lib/time';
import { gridOf, histogramCount, promData, promLabels, promName, readProm, stepFor } from './promql';

describe('stepFor', () => {
  it.each([
    [5 * minute, second],
    [hour, 15 * second],
    [24 * hour, 5 * minute],
    [90 * 24 * hour, 12 * hour],
    [900 * 24 * hour, 72 * hour],
  ])('%d ms', (length, want) => {
    expect(stepFor(length)).toBe(want);
  });
});

it('asks at multiples of the step', () => {
  expect(gridOf({ start: 61, end: 200 }, 60)).toEqual([120, 180]);
  expect(gridOf({ start: 61, end: 62 }, 60)).toEqual([]);
});

describe('names', () => {
  it('writes a series as PromQL does', () => {
    expect([promName({}), promName({ __name__: 'up' }), promName({ __name__: 'up', a: 'x' }), promName({ a: 'x' })]).toEqual(['value', 'up', 'up{a="x"}', '{a="x"}']);
  });
  it('says in what series differ', () => {
    expect(promLabels([{ metric: { e: 'c', d: 'blue' } }, { metric: { e: 'c', d: 'green' } }])).toEqual(['blue', 'green']);
    expect(promLabels([{ metric: { e: 'c' } }])).toEqual(['{e="c"}']);
    expect(promLabels([{ metric: { a: 'x' } }, { metric: { b: 'x' } }])).toEqual(['{a="x"}', '{b="x"}']);
  });
});

it('reads values, and leaves out what is no number', () => {
  const now = readProm({ data: { resultType: 'matrix', result: [{ metric: { a: 'x' }, values: [[60, '1.5'], [120, 'NaN'], [180, '+Inf']] }] }, infos: ['note'] });
  const before = readProm({ data: { resultType: 'matrix', result: [{ metric: { a: 'x' }, values: [[0, '7']] }] } });
  const data = promData([{ expr: 'e', now, before }], [60_000, 120_000, 180_000], [0, 60_000, 120_000], 60_000, { start: 0, end: 1 }, 'Count');
  expect(now.warnings).toEqual(['note']);
  expect(data.times).toEqual([0, 60_000, 120_000]);
  expect(data.series.map((s) => [s.label, s.values, s.past])).toEqual([['{a="x"}', [1.5, null, null], [7, null, null]]]);
});

it('numbers the series of several expressions', () => {
  const now = readProm({ data: { resultType: 'matrix', result: [{ metric: { a: 'x' }, values: [[60, '1']] }] } });
  expect(promData([{ expr: 'e', now }, { expr: 'f', now }], [60_000], [], 60_000, { start: 0, end: 1 }, '').series.map((s) => s.label)).toEqual(['1: {a="x"}', '2: {a="x"}']);
});

it('counts histograms', () => {
  const now = readProm({ data: { resultType: 'matrix', result: [{ metric: {}, histograms: [] }] } });
  expect(histogramCount([{ expr: 'e', now }])).toBe(1);
  expect(readProm({ data: { resultType: 'scalar', result: [1, '2'] } }).series).toEqual([]);
});
