/** What a heat map draws: rows of values over time, each value a shade. */

import { formatValue, type Unit } from '@/lib/units';

export interface HeatRow {
  key: string;
  label: string;
  /** What the axis says of the row, where that is shorter. */
  mark?: string;
  /** One value for each time; null where there is no data. */
  values: readonly (number | null)[];
}

/** How values become shades: even steps, or finer ones for what is small. */
export type HeatScale = 'linear' | 'root';

const light = ['#e0e8ff', '#8ea6f7', '#4459d3', '#1a1f63'];
const dark = ['#222a47', '#3f52c4', '#86a0f8', '#eaf0ff'];

export const shadeCount = 48;

/** The shades from the least value to the greatest. Lightness rises or falls all the way, so that they need no hue to be read. */
export function shades(isDark: boolean): string[] {
  const stops = (isDark ? dark : light).map((hex) => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16)));
  return Array.from({ length: shadeCount }, (_, i) => {
    const at = (i / (shadeCount - 1)) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    const mix = [0, 1, 2].map((c) => {
      const a = stops[low]?.[c] ?? 0;
      return Math.round(a + ((stops[low + 1]?.[c] ?? a) - a) * (at - low));
    });
    return `rgb(${mix.join(' ')})`;
  });
}

/** The values that the first and the last shade stand for: from 0, or around values that are far from it. */
export function heatExtent(rows: readonly HeatRow[], zeroBased: boolean): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    for (const value of row.values) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) return [0, 1];
  if (zeroBased && low > 0) low = 0;
  return low === high ? [low, low + (low === 0 ? 1 : Math.abs(low))] : [low, high];
}

/** Which shade a value has. */
export function shadeOf(value: number, [low, high]: readonly [number, number], scale: HeatScale): number {
  const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return Math.round((scale === 'root' ? Math.sqrt(share) : share) * (shadeCount - 1));
}

/** The values at the ends and in the middle of the scale, for its legend. */
export function heatLegend([low, high]: readonly [number, number], scale: HeatScale, unit: Unit): string[] {
  return [0, 0.5, 1].map((share) => formatValue(low + (high - low) * (scale === 'root' ? share * share : share), unit));
}

/** Every how many rows there is room for a label. */
export function labelStep(rows: number, height: number): number {
  return Math.max(1, Math.ceil((rows * 15) / Math.max(1, height)));
}

const longest = 9;

/** The end of a name, which tells more than its beginning, as far as there is room beside a row. */
export function short(label: string): string {
  return label.length > longest ? `…${label.slice(1 - longest)}` : label;
}
