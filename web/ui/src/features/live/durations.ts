/** Percentiles of durations, out of the histograms of several seconds. */

import type { LiveTraffic } from './types';

/** Bounds of a bucket's index, as the server has them: below are durations under 7.6 µs, above those over 36 h. */
const [lowest, highest] = [-136, 136];

/** Durations of some seconds together. Seconds can be added and taken away, so that a window slides over many. */
export class Durations {
  private readonly counts = new Float64Array(highest - lowest + 1);
  private n = 0;

  /** The factor is how much wider each bucket is than the one before. */
  constructor(private readonly factor: number) {}

  add(traffic: LiveTraffic | null | undefined, sign: 1 | -1 = 1): void {
    for (const [index = 0, count = 0] of traffic?.duration?.histogram ?? []) {
      const place = Math.min(Math.max(index, lowest), highest) - lowest;
      this.counts[place] = (this.counts[place] ?? 0) + sign * count;
      this.n += sign * count;
    }
  }

  get count(): number {
    return this.n;
  }

  /**
   * The duration in seconds below which the share q of all lies, interpolated in its bucket as the server does; not above `longest`.
   * Null where there are too few requests to tell it from the longest: P99 needs a hundred.
   */
  quantile(q: number, longest: number): number | null {
    if (this.n < needed(q)) return null;
    const rank = q * this.n;
    let below = 0;
    for (let i = 0; i < this.counts.length; i++) {
      const count = this.counts[i] ?? 0;
      if (count === 0 || below + count < rank) {
        below += count;
        continue;
      }
      const lower = this.factor ** (i + lowest - 1);
      return Math.min(lower * this.factor ** ((rank - below) / count), longest);
    }
    return longest;
  }
}

/** How many requests a percentile needs: at least one of them is above it. */
export function needed(q: number): number {
  return Math.round(1 / (1 - q));
}

export const percentiles = [
  { key: 'p50', label: 'P50', q: 0.5 },
  { key: 'p90', label: 'P90', q: 0.9 },
  { key: 'p95', label: 'P95', q: 0.95 },
  { key: 'p99', label: 'P99', q: 0.99 },
] as const;

export type PercentileKey = (typeof percentiles)[number]['key'];

export const isPercentile = (text: string): text is PercentileKey => percentiles.some((p) => p.key === text);
