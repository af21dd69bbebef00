import { describe, expect, it } from 'vitest';
import { addBuckets, distributionOf, heatRows, histogramOf } from './distribution';

describe('histogramOf', () => {
  it.each([
    ['histogram_quantile(0.99, sum by (endpoint) (increase(x{endpoint="a"}[5m] anchored))) * 1000', { expr: 'sum by (endpoint) (increase(x{endpoint="a"}[5m] anchored))', factor: 1000 }],
    ['histogram_quantile(0.5, sum(x{a=")("}))', { expr: 'sum(x{a=")("})', factor: 1 }],
    ['sum(x)', undefined],
    ['histogram_quantile(0.5, sum(x)', undefined],
  ])('%s', (expr, want) => {
    expect(histogramOf(expr)).toEqual(want);
  });
});

it('names a distribution', () => {
  expect([distributionOf('RequestLatency_P99'), distributionOf('QueueTime')]).toEqual(['RequestLatency', 'QueueTime']);
});

it('reads native and classic histograms', () => {
  const into = new Map<number, { from: number; to: number; count: number }[]>();
  addBuckets(into, [{ metric: {}, histograms: [[1, { count: '3', sum: '1', buckets: [[0, '0.5', '1', '3']] }]] }], 1000);
  addBuckets(
    into,
    [
      { metric: { le: '+Inf' }, values: [[2, '7']] },
      { metric: { le: '0.1' }, values: [[2, '4']] },
    ],
    1000,
  );
  expect(into.get(1000)).toEqual([{ from: 500, to: 1000, count: 3 }]);
  expect(into.get(2000)).toEqual([
    { from: 0, to: 100, count: 4 },
    { from: 100, to: Number.POSITIVE_INFINITY, count: 3 },
  ]);
});

describe('heatRows', () => {
  const buckets = new Map([
    [0, [{ from: 1, to: 2, count: 3 }, { from: 2, to: 4, count: 1 }]],
    [60, [{ from: 1, to: 2, count: 0 }]],
  ]);
  it('has the highest first, and counts every observation once', () => {
    const rows = heatRows(buckets, [0, 60, 120], 'Milliseconds');
    expect(rows.length).toBe(16);
    expect(rows[0]?.label).toBe('3.67\u00a0ms – 4\u00a0ms');
    expect(rows.reduce((sum, r) => sum + (r.values[0] ?? 0), 0)).toBe(4);
  });
  it('is blank where nothing was measured', () => {
    expect(heatRows(buckets, [60, 120], 'Milliseconds').every((r) => r.values.every((v) => v === null))).toBe(true);
    expect(heatRows(new Map(), [0], 'Milliseconds')).toEqual([]);
  });
  it('has room for the widest', () => {
    expect(heatRows(new Map([[0, [{ from: 1e-6, to: 2e-6, count: 1 }, { from: 1e9, to: 2e9, count: 1 }]]]), [0], 'Bytes').length).toBe(40);
  });
});
