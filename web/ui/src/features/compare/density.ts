/** How the durations of scopes are distributed, over the same steps, so that they can be laid upon each other. */

export interface Bucket {
  from: number;
  to: number;
  count: number;
}

export interface Densities {
  /** Bounds of the steps, one more than there are steps, each of the same ratio to the one before. */
  bounds: number[];
  /** Of each scope the share of its observations in each step; undefined for a scope without any. */
  shares: (number[] | undefined)[];
}

/** Steps that there are at most. */
const mostSteps = 48;

/** The shares of observations by step. A bucket over several steps is shared out among them evenly on the logarithmic scale. */
export function densitiesOf(scopes: readonly (readonly Bucket[])[]): Densities | undefined {
  const filled = scopes.flat().filter((b) => b.count > 0 && b.to > 0 && Number.isFinite(b.to));
  if (filled.length === 0) return undefined;
  const low = Math.min(...filled.map(lower));
  const high = Math.max(...filled.map((b) => b.to));
  const ratio = Math.max(2 ** (1 / 4), (high / low) ** (1 / mostSteps));
  const count = Math.max(1, Math.ceil(Math.log(high / low) / Math.log(ratio) - 1e-9));
  const at = (value: number) => Math.log(value / low) / Math.log(ratio);
  const bounds = Array.from({ length: count + 1 }, (_, i) => low * ratio ** i);
  const shares = scopes.map((buckets) => {
    const total = buckets.reduce((n, b) => n + b.count, 0);
    if (total === 0) return undefined;
    const steps = new Array<number>(count).fill(0);
    for (const b of buckets) {
      if (b.count <= 0) continue;
      const end = Number.isFinite(b.to) ? at(Math.max(b.to, low)) : count;
      const start = Number.isFinite(b.to) ? Math.min(Math.max(0, at(lower(b))), end) : count - 1;
      if (end - start < 1e-9) add(steps, Math.min(count - 1, Math.floor(start)), b.count / total);
      else for (let i = Math.floor(start); i < Math.min(count, Math.ceil(end - 1e-9)); i++) add(steps, i, ((Math.min(end, i + 1) - Math.max(start, i)) / (end - start)) * (b.count / total));
    }
    return steps;
  });
  return { bounds, shares };
}

function add(steps: number[], i: number, share: number) {
  steps[i] = (steps[i] ?? 0) + share;
}

/** The lower bound of a bucket; one from 0 on has half of its upper one. */
const lower = (b: Bucket) => (b.from > 0 ? b.from : b.to / 2);
