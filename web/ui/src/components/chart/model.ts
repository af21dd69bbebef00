/** What a chart draws, without how. */

import type { Colour } from '@/lib/palette';

export type ChartKind = 'line' | 'area' | 'stack' | 'bar' | 'scatter';

export interface ChartSeries {
  /** Tells the series from the others of the chart, over refreshes. */
  key: string;
  label: string;
  colour: Colour;
  /** One value for each time; null where there is no data. */
  values: readonly (number | null)[];
  /** The values of the past that it is compared with, if any. */
  past?: readonly (number | null)[] | undefined;
}

export interface Threshold {
  value: number;
  label: string;
}

/** What happened at one time: an alert, an event, a change. */
export interface Mark {
  at: number;
  label: string;
  kind: 'alert' | 'event' | 'change';
}

export interface Band {
  lower: readonly (number | null)[] | null;
  upper: readonly (number | null)[] | null;
}

/** The columns of the plot: of a stack each series lies upon those before it, and lacks only where all lack. */
export function columns(kind: ChartKind, series: readonly ChartSeries[]): (number | null)[][] {
  if (kind !== 'stack') return series.map((s) => [...s.values]);
  const sums: (number | null)[] = [];
  return series.map((s) => {
    s.values.forEach((value, i) => {
      if (value !== null) sums[i] = (sums[i] ?? 0) + value;
      else sums[i] ??= null;
    });
    return [...sums];
  });
}

export interface Summary {
  last: number | null;
  min: number | null;
  mean: number | null;
  max: number | null;
}

/** What a legend says of a series; the mean is that of the windows that have data. */
export function summarise(values: readonly (number | null)[]): Summary {
  let min: number | null = null;
  let max: number | null = null;
  let last: number | null = null;
  let sum = 0;
  let n = 0;
  for (const value of values) {
    if (value === null) continue;
    last = value;
    min = min === null || value < min ? value : min;
    max = max === null || value > max ? value : max;
    sum += value;
    n++;
  }
  return { last, min, mean: n === 0 ? null : sum / n, max };
}

/** The range of the value axis: from 0 for counts and rates, around the values where 0 would flatten them, with room above. */
export function valueRange(lowest: number, highest: number, zeroBased: boolean): [number, number] {
  if (!Number.isFinite(lowest) || !Number.isFinite(highest)) return [0, 1];
  const low = zeroBased ? Math.min(0, lowest) : lowest;
  const high = zeroBased ? Math.max(0, highest) : highest;
  const room = (high - low) * 0.06;
  if (room === 0) return high === 0 ? [0, 1] : [low - Math.abs(low) * 0.1, high + Math.abs(high) * 0.1];
  return [zeroBased && low >= 0 ? 0 : low - room, high + room];
}

/** Whether a unit is read from 0. Temperatures and clocks have their interest far from it. */
export function isZeroBased(unit: string): boolean {
  return unit !== 'Celsius' && unit !== 'Hertz';
}
