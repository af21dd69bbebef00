/** Rates over a time of which only a part was measured. What nobody measured is not a zero. */

/** Below this part of either time, two times are not compared: what is missing might have been anything. */
export const comparable = 0.5;

/** From this part on a time counts as whole: its ends may lie within a window. */
const whole = 0.95;

export interface Cover {
  /** The part of the windows that have data, from 0 to 1. */
  share: number;
  /** The first window with data. */
  first: number | undefined;
  whole: boolean;
}

/** How many of the windows have data, in any of some series. */
export function coverOf(columns: readonly (readonly (number | null)[])[]): Cover {
  const length = Math.max(0, ...columns.map((c) => c.length));
  let count = 0;
  let first: number | undefined;
  for (let i = 0; i < length; i++) {
    if (!columns.some((c) => c[i] != null)) continue;
    count++;
    first ??= i;
  }
  const share = length === 0 ? 0 : count / length;
  return { share, first, whole: share >= whole };
}

/**
 * The mean of a rate over the windows that were measured whole: not those from `running` on, and not one beside a gap, which may
 * have been measured in part. Where there are only such, as in the first two minutes of something new, nobody knows the rate.
 */
export function meanRate(values: readonly (number | null)[], running: number): number | null {
  const known = values.map((v, i) => ({ v, i })).filter((w): w is { v: number; i: number } => w.v !== null);
  const mean = (list: readonly { v: number }[]) => (list.length === 0 ? null : list.reduce((sum, w) => sum + w.v, 0) / list.length);
  const inner = known.filter(({ i }) => i < running && (i === 0 || values[i - 1] != null) && (i + 1 >= values.length || values[i + 1] != null));
  return mean(inner);
}
