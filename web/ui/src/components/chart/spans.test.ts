import { describe, expect, it } from 'vitest';
import { moved, pinched, zoomed } from './spans';

const span = { start: 1_000_000, end: 1_100_000 };
const now = 2_000_000;

describe('moved', () => {
  it.each([
    ['earlier', -0.5, now, 950_000, 1_050_000],
    ['later', 0.25, now, 1_025_000, 1_125_000],
    ['not into the future', 1, 1_110_000, 1_010_000, 1_110_000],
    ['stays where it reaches into the future', 1, 1_050_000, 1_000_000, 1_100_000],
  ] as const)('%s', (_name, share, at, start, end) => {
    expect(moved(span, share, at)).toEqual({ start, end });
  });
});

describe('zoomed', () => {
  it.each([
    ['in around the middle', 0.5, 0.5, now, 1_025_000, 1_075_000],
    ['in around the start', 0.5, 0, now, 1_000_000, 1_050_000],
    ['out, and not into the future', 2, 0.5, 1_100_000, 900_000, 1_100_000],
    ['in to ten seconds at most', 0.001, 0.5, now, 1_045_000, 1_055_000],
  ] as const)('%s', (_name, factor, share, at, start, end) => {
    expect(zoomed(span, factor, share, at)).toEqual({ start, end });
  });
});

describe('pinched', () => {
  it.each([
    ['two fingers that move together move the time', [0.2, 0.4], [0.4, 0.6], 980_000, 1_080_000],
    ['two that part zoom in between them', [0.4, 0.6], [0.3, 0.7], 1_025_000, 1_075_000],
    ['two that near zoom out', [0.25, 0.75], [0.375, 0.625], 950_000, 1_150_000],
  ] as const)('%s', (_name, from, to, start, end) => {
    const got = pinched(span, from, to, now);
    expect([Math.round(got.start), Math.round(got.end)]).toEqual([start, end]);
  });
});
