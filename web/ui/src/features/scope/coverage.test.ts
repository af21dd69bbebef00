import { describe, expect, it } from 'vitest';
import type { MetricsAnswer, MetricsSeries } from '@/api/types';
import { coverageOf, coverMetrics, honest } from './coverage';
import { summaryOf } from './summary';

const minute = 60_000;
const start = Date.parse('2026-03-01T10:00:00Z');

type Values = (number | null)[];

const line = (metric: string, values: Values, before: Values): MetricsSeries => ({ scope: 'a', metric, aggregation: 'average', unit: 'Count', dimensions: {}, values, compare: { values: before, difference: [] } });

function answer(values: Values, before: Values, partial?: number, ...more: MetricsSeries[]): MetricsAnswer {
  return {
    start: new Date(start).toISOString(),
    end: new Date(start + values.length * minute).toISOString(),
    interval: '1m',
    timestamps: values.map((_, i) => start + i * minute),
    partial_from: partial === undefined ? null : start + partial * minute,
    compare: { start: new Date(start - values.length * minute).toISOString(), end: new Date(start).toISOString() },
    series: [line('RequestsPerMinute', values, before), ...more],
    truncated: null,
    warnings: [],
  };
}
const full = (now: number, before: number | null, metric = 'RequestsPerMinute'): MetricsAnswer => ({ ...answer([], []), interval: '4m', series: [line(metric, [now], [before])] });

describe('coverageOf', () => {
  it('tells since when there are data', () => {
    const c = coverageOf(answer([null, null, 5, 5], [5, 5, 5, null]), 'a');
    expect(c.now).toEqual({ share: 0.5, since: start + 2 * minute });
    expect(c.before).toEqual({ share: 0.75, since: start - 4 * minute });
    expect(coverageOf(answer([1], [1]), 'b').now.share).toBe(0);
  });
  it('misses nothing of a window that has just begun', () => {
    expect(coverageOf(answer([5, 5, 5, 5, 5, null], [], 5), 'a').now.share).toBe(1);
    expect(coverageOf(answer([5, 5, 5, 5, null, null], [], 5), 'a').now.share).toBe(0.8);
    expect(coverageOf(answer([null, null, null, 5, 5, 5], [], 5), 'a').now.share).toBe(0.5);
  });
});

describe('honest', () => {
  const reading = (values: Values, before: Values, now: number, old: number | null) => honest(summaryOf(full(now, old), 'a'), answer(values, before), 'a')('RequestsPerMinute');
  it('has the rate of the time with data', () => {
    expect(reading([null, null, 10, 60], [null, null, null, null], 17.5, null)).toEqual({ now: 60, before: null });
  });
  it('has the rate of the time before with data, too', () => {
    expect(reading([10, 20, 30, 40], [null, 2, 10, 20], 25, 8)).toEqual({ now: 25, before: 15 });
  });
  it('compares whole times as they are', () => {
    expect(reading([10, 20, 30, 40], [5, 5, 5, 5], 25, 5)).toEqual({ now: 25, before: 5 });
  });
  it('compares nothing with little', () => {
    expect(reading([10, 20, 30, 40], [null, null, null, 5], 25, 1.25)).toEqual({ now: 25, before: null });
    expect(reading([null, null, 20, 40], [5, 5, 5, 5], 15, 5)).toEqual({ now: 40, before: 5 });
    expect(reading([null, null, null, 40], [5, 5, 5, 5], 10, 5)).toEqual({ now: null, before: null });
  });
  it('compares nothing without an answer over time', () => {
    expect(honest(summaryOf(full(25, 5), 'a'), undefined, 'a')('RequestsPerMinute')).toEqual({ now: 25, before: null });
  });
  it('goes by the windows of a rate, whatever else was measured', () => {
    const over = answer([null, null, 20, 100], [null, null, null, 5], undefined, line('CpuUtilizationPercentage', [50, 50, 50, 50], [40, 40, 40, 40]));
    expect(honest(summaryOf(full(30, 1.25), 'a'), over, 'a')('RequestsPerMinute')).toEqual({ now: 100, before: null });
    expect(honest(summaryOf(full(50, 40, 'CpuUtilizationPercentage'), 'a'), over, 'a')('CpuUtilizationPercentage')).toEqual({ now: 50, before: 40 });
  });
  it('has the share of the time with data in which clocks were held back', () => {
    const over = answer([null, null, 5, 5], [5, 5, 5, 5], undefined, line('GpuThrottleRatio', [null, null, 0, 0.02], [0.01, 0.01, 0.01, 0.01]));
    expect(honest(summaryOf(full(0.005, 0.01, 'GpuThrottleRatio'), 'a'), over, 'a')('GpuThrottleRatio')).toEqual({ now: 0.02, before: 0.01 });
    expect(coverMetrics).toContain('GpuThrottleRatio');
  });
  it('compares totals of whole times only', () => {
    const restarts = (before: Values) => honest(summaryOf(full(3, 1, 'InstanceRestarts'), 'a'), answer([5, 5, 5, 5], before), 'a')('InstanceRestarts');
    expect([restarts([5, 5, 5, 5]), restarts([null, 5, 5, 5])]).toEqual([
      { now: 3, before: 1 },
      { now: 3, before: null },
    ]);
  });
});
