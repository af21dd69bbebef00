import { describe, expect, it } from 'vitest';
import type { MetricsAnswer } from '@/api/types';
import { coverageOf, honest } from './coverage';
import { summaryOf } from './summary';

const minute = 60_000;
const start = Date.parse('2026-03-01T10:00:00Z');

function answer(values: (number | null)[], before: (number | null)[], partial?: number): MetricsAnswer {
  return {
    start: new Date(start).toISOString(),
    end: new Date(start + values.length * minute).toISOString(),
    interval: '1m',
    timestamps: values.map((_, i) => start + i * minute),
    partial_from: partial === undefined ? null : start + partial * minute,
    compare: { start: new Date(start - values.length * minute).toISOString(), end: new Date(start).toISOString() },
    series: [{ scope: 'a', metric: 'RequestsPerMinute', aggregation: 'average', unit: 'Count', dimensions: {}, values, compare: { values: before, difference: [] } }],
    truncated: null,
    warnings: [],
  };
}
const full = (now: number, before: number | null): MetricsAnswer => ({ ...answer([now], [before]), interval: '4m' });

describe('coverageOf', () => {
  it('tells since when there are data', () => {
    const c = coverageOf(answer([null, null, 5, 5], [5, 5, 5, null]), 'a');
    expect(c.now).toEqual({ share: 0.5, since: start + 2 * minute });
    expect(c.before).toEqual({ share: 0.75, since: start - 4 * minute });
    expect(coverageOf(answer([1], [1]), 'b').now.share).toBe(0);
  });
});

describe('honest', () => {
  const reading = (values: (number | null)[], before: (number | null)[], now: number, old: number | null) => honest(summaryOf(full(now, old), 'a'), answer(values, before), 'a')('RequestsPerMinute');
  it('has the rate of the time with data', () => {
    expect(reading([null, null, 10, 60], [null, null, null, null], 17.5, null)).toEqual({ now: 60, before: null });
  });
  it('compares whole times as they are', () => {
    expect(reading([10, 20, 30, 40], [5, 5, 5, 5], 25, 5)).toEqual({ now: 25, before: 5 });
  });
  it('compares nothing with little', () => {
    expect(reading([10, 20, 30, 40], [null, null, null, 5], 25, 1.25)).toEqual({ now: 25, before: null });
    expect(reading([null, null, null, 40], [5, 5, 5, 5], 10, 5)).toEqual({ now: 40, before: null });
  });
});
