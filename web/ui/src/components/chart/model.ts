/** What a chart draws, without how. */

import type { Colour } from '@/lib/palette';
import type { Span } from '@/lib/time';
import type { Unit } from '@/lib/units';

export type ChartKind = 'line' | 'area' | 'stack' | 'bar' | 'scatter';

export interface ChartSeries {
  /** Tells the series from the others of the chart, over refreshes. */
  key: string;
  label: string;
  colour: Colour;
  /** The unit of its values, where it is not that of the chart: it has an axis of its own, on the right. */
  unit?: Unit | undefined;
  /** One value for each time; null where there is no data. */
  values: readonly (number | null)[];
  /** The values of the past that it is compared with, if any. */
  past?: readonly (number | null)[] | undefined;
}

/** Everything that a chart, a table or a file shows of an answer. */
export interface ChartData {
  /** Starts of the windows, in milliseconds. */
  times: readonly number[];
  /** Length of a window, in milliseconds. */
  interval: number;
  span: Span;
  /** From when on windows run still. */
  partialFrom?: number | undefined;
  /** The unit of all series that have none of their own. */
  unit: Unit;
  series: readonly ChartSeries[];
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

/** The units of a chart's series in the order that they come in: the first is read on the left, the second on the right. */
export function unitsOf(series: readonly ChartSeries[], unit: Unit): Unit[] {
  const units = [...new Set(series.map((s) => s.unit ?? unit))];
  return units.length === 0 ? [unit] : units;
}

/** How a chart can be drawn: what goes below zero does not lie upon something else as an area. */
export function drawnKind(kind: ChartKind, series: readonly ChartSeries[]): ChartKind {
  return kind === 'stack' && series.some((s) => s.values.some((v) => v !== null && v < 0)) ? 'line' : kind;
}

/** A column of the plot, and for bars where each begins. */
export interface Column {
  tops: (number | null)[];
  bases?: number[];
}

/**
 * The columns of the plot. Of stacks and bars each series lies upon those before it of its unit: one that has no value where others
 * have one adds nothing there, and all lack where all lack. What is below zero is added downwards.
 */
export function columns(kind: ChartKind, series: readonly ChartSeries[], unit: Unit = ''): Column[] {
  if (kind !== 'stack' && kind !== 'bar') return series.map((s) => ({ tops: [...s.values] }));
  const piles = new Map<Unit, { some: boolean[]; up: number[]; down: number[] }>();
  for (const s of series) {
    const pile = piles.get(s.unit ?? unit) ?? { some: [], up: [], down: [] };
    piles.set(s.unit ?? unit, pile);
    s.values.forEach((value, i) => {
      if (value !== null) pile.some[i] = true;
    });
  }
  return series.map((s) => {
    const pile = piles.get(s.unit ?? unit);
    const bases: number[] = [];
    const tops = s.values.map((value, i) => {
      const side = (value ?? 0) < 0 ? pile?.down : pile?.up;
      const base = side?.[i] ?? 0;
      bases.push(base);
      if (side === undefined || pile?.some[i] !== true) return null;
      return (side[i] = base + (value ?? 0));
    });
    return { tops, bases };
  });
}

/** A line of the past. Where series lie upon each other it is that of all of them together, which has no series. */
export interface PastLine {
  series?: ChartSeries;
  unit: Unit;
  values: (number | null)[];
}

/** The lines of the past that a chart is compared with. */
export function pastLines(kind: ChartKind, series: readonly ChartSeries[], unit: Unit): PastLine[] {
  const old = series.filter((s) => s.past !== undefined);
  if (kind !== 'stack' && kind !== 'bar') return old.map((s) => ({ series: s, unit: s.unit ?? unit, values: [...(s.past ?? [])] }));
  return unitsOf(old, unit).flatMap((u) => {
    const same = old.filter((s) => (s.unit ?? unit) === u);
    if (same.length === 0) return [];
    const sums: (number | null)[] = [];
    for (const s of same) {
      s.past?.forEach((value, i) => {
        const before = sums[i] ?? null;
        sums[i] = value === null ? before : (before ?? 0) + value;
      });
    }
    return [{ unit: u, values: sums }];
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

/** The least and the greatest value of series, for charts that are to be read against each other; none where there is no value. */
export function extentOf(series: readonly ChartSeries[]): [number, number] | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const s of series) {
    for (const values of [s.values, s.past ?? []]) {
      for (const value of values) {
        if (value === null) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
  }
  return low > high ? undefined : [low, high];
}

/** The range of the value axis: from 0 for counts and rates, around the values where 0 would flatten them, with room above. */
export function valueRange(lowest: number, highest: number, zeroBased: boolean): [number, number] {
  if (!Number.isFinite(lowest) || !Number.isFinite(highest)) return [0, 1];
  const low = zeroBased ? Math.min(0, lowest) : lowest;
  const high = zeroBased ? Math.max(0, highest) : highest;
  const room = (high - low) * 0.06;
  if (room === 0) return high === 0 ? [0, 1] : [low - Math.abs(low) * 0.1, high + Math.abs(high) * 0.1];
  return [zeroBased && low >= 0 ? 0 : low - room, zeroBased && high <= 0 ? 0 : high + room];
}

/** Whether a unit is read from 0. Temperatures and clocks have their interest far from it. */
export function isZeroBased(unit: string): boolean {
  return unit !== 'Celsius' && unit !== 'Hertz';
}
