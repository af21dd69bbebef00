import { describe, expect, it } from 'vitest';
import { formatAgo, formatInstant, formatLength, formatSince, formatTicks, hour, minute, parseInstant, parseLength, rangeLabel, resolveRange } from './time';

describe('parseLength', () => {
  it.each([
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['0.5h', 1_800_000],
  ])('%s', (text, want) => {
    expect(parseLength(text)).toBe(want);
  });

  it.each(['', '1', 'h', '-1h', '1y', '1h ago', '0s'])('refuses %j', (text) => {
    expect(parseLength(text)).toBeUndefined();
  });
});

it('writes lengths as it reads them', () => {
  for (const text of ['5m', '1h30m', '7d', '90d', '1m30s']) {
    expect(formatLength(parseLength(text) ?? 0)).toBe(text);
  }
});

describe('parseInstant', () => {
  it.each([
    ['2026-03-01T10:00:00Z', 1_772_359_200_000],
    ['2026-03-01T11:00:00+01:00', 1_772_359_200_000],
    ['1772359200', 1_772_359_200_000],
  ])('%s', (text, want) => {
    expect(parseInstant(text)).toBe(want);
  });

  it.each(['', 'yesterday', '2026-13-45T00:00:00Z', '12'])('refuses %j', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});

it('ends a relative range now', () => {
  expect(resolveRange({ kind: 'relative', length: hour }, 5 * hour)).toEqual({ start: 4 * hour, end: 5 * hour });
});

it('writes instants in UTC', () => {
  const t = Date.UTC(2026, 2, 1, 10, 5);
  expect(formatInstant(t, true)).toBe('2026-03-01 10:05');
  expect(formatInstant(t + 1000, true, true)).toBe('10:05:01');
  expect(rangeLabel({ kind: 'absolute', start: t, end: t + hour }, true)).toBe('2026-03-01 10:05 – 11:05');
  expect(rangeLabel({ kind: 'absolute', start: t, end: t + 24 * hour }, true)).toBe('2026-03-01 10:05 – 2026-03-02 10:05');
  expect(rangeLabel({ kind: 'relative', length: hour }, true)).toBe('Last hour');
  expect(rangeLabel({ kind: 'relative', length: 7 * minute }, true)).toBe('Last 7m');
});

it('says since when, with the date where that is not today', () => {
  const t = Date.UTC(2026, 2, 1, 23, 30);
  expect(formatSince(t, t + 20 * minute, true)).toBe('23:30');
  expect(formatSince(t, t + hour, true)).toBe('2026-03-01 23:30');
});

it('says the date where it changes', () => {
  const t = Date.UTC(2026, 2, 1, 23, 30);
  expect(formatTicks([t, t + 30 * minute, t + 60 * minute], true)).toEqual(['23:30', '00:00\n03-02', '00:30']);
  expect(formatTicks([t, t + 24 * hour], true)).toEqual(['03-01', '03-02']);
});

it('says how long ago', () => {
  expect(formatAgo(1000, 1500)).toBe('just now');
  expect(formatAgo(0, 90_000)).toBe('1 min ago');
  expect(formatAgo(0, 50 * hour)).toBe('2 d ago');
  expect(formatAgo(5000, 0)).toBe('just now'); // a clock that runs ahead
});
