import { describe, expect, it } from 'vitest';
import { hour, minute, second } from '@/lib/time';
import { gridOf, mostAsked, promData, promLabels, promName, promNotes, readProm, stepFor } from './promql';

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
  expect(gridOf({ start: 60, end: 180 }, 60)).toEqual([120, 180]); // at 60 is what was before
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

const answer = (count: number, values: (i: number) => [number, string][]) => readProm({ data: { resultType: 'matrix', result: Array.from({ length: count }, (_, i) => ({ metric: { i: String(i) }, values: values(i) })) } });

it('draws the greatest of too many series, and says so', () => {
  const now = answer(mostAsked + 1, (i) => [[60, String(i)]]);
  const part = { expr: 'e', now: { ...now, warnings: ['results truncated due to limit'] } };
  const labels = promData([part], [60_000], [], 60_000, { start: 0, end: 1 }, '').series.map((s) => s.label);
  expect(labels).toHaveLength(100);
  expect([labels[0], labels[99]]).toEqual(['901', '1000']);
  expect(promNotes([part])).toEqual(['Showing the 100 with the greatest values of more than 1,000 series: topk(10, …) or sum by (…) make fewer']);
  expect(promNotes([{ expr: 'e', now: answer(101, () => [[60, '1']]) }])[0]).toContain('of 101 series');
});

it('says what is no line, and what is no number', () => {
  const now = readProm({ data: { resultType: 'matrix', result: [{ metric: {}, histograms: [] }] } });
  expect(promNotes([{ expr: 'e', now }])).toEqual(['A series is a histogram, which is no line: take histogram_quantile(0.9, …) or histogram_count(…) of it']);
  const odd = answer(1, () => [[0, 'NaN'], [60, '+Inf'], [120, '1']]);
  expect(promNotes([{ expr: 'e', now: { ...odd, warnings: ['w', 'w'] } }])).toEqual(['2 values are infinite or no number, such as of a division by 0, and drawn as gaps', 'w']);
  expect(readProm({ data: { resultType: 'scalar', result: [1, '2'] } }).series).toEqual([]);
});
