/** Axes of charts that are not over time. */

/** Round steps from the least to the greatest value, at most as many as asked for. */
export function ticks(low: number, high: number, most: number): number[] {
  const span = high - low;
  if (!(span > 0) || most < 1) return [low];
  const raw = span / most;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((m) => m * size >= raw) ?? 10) * size;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The least and greatest of numbers, with 0 among them; 0 to 1 where there are none. */
export function extent(values: Iterable<number | null>, zero: boolean): [number, number] {
  let low = zero ? 0 : Number.POSITIVE_INFINITY;
  let high = zero ? 0 : Number.NEGATIVE_INFINITY;
  for (const v of values) {
    if (v === null) continue;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  if (low > high || (low === 0 && high === 0)) return [0, 1];
  return low === high ? [low - Math.abs(low) * 0.1, high + Math.abs(high) * 0.1] : [low, high];
}
