import { describe, expect, it } from 'vitest';
import type { MetricsAnswer, MetricsSeries } from '@/api/types';
import { mergeAnswers, notesOf, seriesLabel, tellingLabels } from './answer';

const series = (part: Partial<MetricsSeries>): MetricsSeries => ({ scope: 'a', metric: 'M', aggregation: 'average', unit: 'Count', dimensions: {}, values: [1], ...part });
const answer = (list: MetricsSeries[], timestamps = [0], part: Partial<MetricsAnswer> = {}): MetricsAnswer => ({ start: '1970-01-01T00:00:00Z', end: '1970-01-01T00:01:00Z', interval: '1m', timestamps, partial_from: null, series: list, truncated: null, warnings: [], ...part });

describe('tellingLabels', () => {
  const labels = (list: MetricsSeries[]) => list.map(tellingLabels(answer(list), (m) => `the ${m}`));
  it.each<[string, MetricsSeries[], string[]]>([
    ['one series is its metric', [series({})], ['the M']],
    ['a split', [series({ dimensions: { deployment: 'blue' } }), series({ dimensions: { deployment: '' } })], ['blue', '(none)']],
    ['metrics', [series({}), series({ metric: 'N' })], ['the M', 'the N']],
    ['aggregations of one metric', [series({}), series({ aggregation: 'total' })], ['average', 'total']],
    ['scopes and a split', [series({ scope: 'a', dimensions: { x: '1' } }), series({ scope: 'b', dimensions: { x: '1' } })], ['a · 1', 'b · 1']],
    ['instances that name their scope', [series({ scope: 'a/b', dimensions: { instanceId: 'b1' } }), series({ scope: 'a/g', dimensions: { instanceId: 'g1' } })], ['b1', 'g1']],
    ['scopes', [series({ scope: 'a' }), series({ scope: 'b' })], ['a', 'b']],
    ['the rest', [series({ dimensions: { x: '1' } }), series({ dimensions: { x: 'other' }, folded: 7 })], ['1', '7 others']],
  ])('%s', (_name, list, want) => {
    expect(labels(list)).toEqual(want);
  });
});

it('names a series by its split or its scope', () => {
  expect(seriesLabel(series({ scope: 'a/b' }))).toBe('b');
});

it('merges answers at the times of all', () => {
  const merged = mergeAnswers([
    answer([series({ values: [1, 2] })], [0, 60], { partial_from: 60, truncated: { shown: 1, total: 3 }, warnings: ['w'] }),
    answer([series({ metric: 'N', values: [5], compare: { values: [4], difference: [1] } })], [60], { warnings: ['w'] }),
  ]);
  expect(merged.timestamps).toEqual([0, 60]);
  expect(merged.series.map((s) => s.values)).toEqual([[1, 2], [null, 5]]);
  expect(merged.series[1]?.compare?.values).toEqual([null, 4]);
  expect([merged.partial_from, merged.truncated, merged.warnings]).toEqual([60, { shown: 1, total: 3 }, ['w']]);
});

it('notes what is left out and what the server warns of', () => {
  expect(notesOf(answer([]))).toBeUndefined();
  expect(notesOf(answer([], [0], { truncated: { shown: 12, total: 812 }, warnings: ['the buckets differ'] }))).toBe('Showing 12 of 812 series · the buckets differ');
  expect(notesOf(answer([], [0], { warnings: ['the buckets differ'] }), undefined, answer([], [0], { warnings: ['the buckets differ', 'a counter fell'] }))).toBe('the buckets differ · a counter fell');
});
