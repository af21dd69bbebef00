import { describe, expect, it } from 'vitest';
import type { MetricsAnswer } from '@/api/types';
import { differenceOf, figureKinds, figureRows, formatDifference, formatRelative } from './figures';

it('asks no more than a question may', () => expect(figureKinds.length).toBeLessThanOrEqual(20));

describe('differenceOf', () => {
  it.each([
    ['less of what should be little', 'less', 200, 100, { absolute: -100, relative: -0.5, verdict: 'better' }],
    ['more of what should be little', 'less', 100, 150, { absolute: 50, relative: 0.5, verdict: 'worse' }],
    ['less of what should be much', 'more', 100, 50, { absolute: -50, relative: -0.5, verdict: 'worse' }],
    ['a small difference', 'less', 100, 105, { absolute: 5, relative: 0.05 }],
    ['some where there was none', 'less', 0, 0.2, { absolute: 0.2, relative: null, verdict: 'worse' }],
    ['a tiny one', 'less', 0.0001, 0.0005, { absolute: 0.0004, relative: 4 }],
    ['none in both', 'less', 0, 0, { absolute: 0, relative: 0 }],
    ['what is neither', undefined, 100, 300, { absolute: 200, relative: 2 }],
    ['no value', 'less', null, 3, null],
  ] as const)('judges %s', (_, better, first, value, want) => expect(differenceOf({ unit: 'Ratio', ...(better === undefined ? {} : { better }) }, first, value)).toEqual(want));
});

it('writes differences with sign and unit, those of shares in points', () => {
  expect([formatDifference(120, 'Milliseconds'), formatDifference(-0.004, 'Ratio'), formatDifference(0, 'Ratio'), formatDifference(12, 'Percent')]).toEqual(['+120\u00a0ms', '−0.4\u00a0points', '±0', '+12\u00a0points']);
  expect([formatRelative(0.34), formatRelative(-0.5), formatRelative(null), formatRelative(12), formatRelative(0)]).toEqual(['+34\u00a0%', '−50\u00a0%', 'from 0', '×13', '±0 %']);
});

describe('figureRows', () => {
  const one = (scope: string, metric: string, value: number | null, before: number | null = null) => ({ scope, metric, values: [value], compare: { values: [before], difference: [] } });
  const totals = { series: [one('a', 'RequestLatency_P99', 100, 90), one('b', 'RequestLatency_P99', 150), one('a', 'RequestsPerMinute', 10, 10), one('b', 'RequestsPerMinute', 5), one('a', 'GpuTemperature', null)] } as unknown as MetricsAnswer;

  it('has each figure that any scope has, with the difference to the first', () => {
    const rows = figureRows(['a', 'b', 'c'], totals, undefined);
    expect(rows.map((r) => r.kind.metric)).toEqual(['RequestsPerMinute', 'RequestLatency_P99']);
    expect(rows[1]?.cells).toEqual([
      { value: 100, before: 90, difference: null },
      { value: 150, before: null, difference: { absolute: 50, relative: 0.5, verdict: 'worse' } },
      { value: null, before: null, difference: null },
    ]);
  });

  it('takes rates over the part of the time that has data', () => {
    const line = (scope: string, values: (number | null)[], before: (number | null)[]) => ({ scope, metric: 'RequestsPerMinute', values, compare: { values: before, difference: [] } });
    const trends = { timestamps: [1, 2, 3, 4], partial_from: 4, series: [line('a', [9, 10, 11, 3], [10, 10, 10, 10]), line('b', [null, 2, 20, 1], [null, null, null, null])] } as unknown as MetricsAnswer;
    const [requests] = figureRows(['a', 'b'], totals, trends);
    expect(requests?.cells[0]).toMatchObject({ value: 10, before: 10 });
    expect(requests?.cells[1]).toMatchObject({ value: 20, before: null });
  });
});
