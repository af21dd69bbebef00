import { expect, it } from 'vitest';
import { Durations, needed } from './durations';
import { traffic } from './testing';
import type { LiveTraffic } from './types';

const factor = 2 ** (1 / 8);
const of = (...buckets: [number, number][]): LiveTraffic => ({ ...traffic(1), duration: { mean: 1, p50: 1, p90: 1, p95: 1, p99: 1, max: 1, histogram: buckets } });

it('is within a bucket of the truth, and not above the longest', () => {
  const d = new Durations(factor);
  d.add(of([-26, 150], [-10, 50]));
  expect(d.count).toBe(200);
  expect(d.quantile(0.5, 0.41)).toBeGreaterThan(0.096);
  expect(d.quantile(0.5, 0.41)).toBeLessThan(0.106);
  expect(d.quantile(0.95, 0.41)).toBeGreaterThan(0.385);
  expect(d.quantile(0.99, 0.39)).toBe(0.39);
});

it.each([
  [0.5, 2],
  [0.9, 10],
  [0.95, 20],
  [0.99, 100],
])('quantile %d needs %d requests', (q, n) => {
  expect(needed(q)).toBe(n);
  const d = new Durations(factor);
  d.add(of([-26, n - 1]));
  expect(d.quantile(q, 1)).toBeNull();
  d.add(of([-26, 1]));
  expect(d.quantile(q, 1)).not.toBeNull();
});

it('takes away what leaves the window', () => {
  const d = new Durations(factor);
  d.add(of([0, 100]));
  d.add(of([-26, 100]));
  d.add(of([0, 100]), -1);
  expect(d.count).toBe(100);
  expect(d.quantile(0.99, 1)).toBeLessThan(0.106);
});

it('counts durations beyond the buckets in the last ones', () => {
  const d = new Durations(factor);
  d.add(of([-500, 50], [500, 50]));
  d.add(null);
  expect(d.quantile(0.5, 1e9)).toBeLessThan(1e-5);
  expect(d.quantile(0.99, 1e9)).toBeGreaterThan(100_000);
});
