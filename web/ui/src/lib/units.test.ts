import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatAxis, formatChange, formatDuration, formatExact, formatNumber, formatPrecise, formatValue, perMinute, unitOf } from './units';

/** Spaces that do not break, as spaces. */
const plain = (s: string) => s.replace(/\u00a0/g, ' ');

describe('formatValue', () => {
  it.each([
    [4100, 'Milliseconds', '4.1 s'],
    [0.31, 'Milliseconds', '310 µs'],
    [41.24, 'Milliseconds', '41.2 ms'],
    [999.7, 'Milliseconds', '1 s'],
    [59_996, 'Milliseconds', '1 min'],
    [125_000, 'Milliseconds', '2 min 5 s'],
    [0, 'Milliseconds', '0 ms'],
    [2.9e-36, 'Milliseconds', '0 ms'],
    [7200, 'Seconds', '2 h'],
    [97.4, 'Percent', '97.4 %'],
    [0.00312, 'Ratio', '0.312 %'],
    [1.31, 'Factor', '1.31×'],
    [1536, 'Bytes', '1.5 KiB'],
    [85_899_345_920, 'Bytes', '80 GiB'],
    [1_250_000, 'BytesPerSecond', '1.25 MB/s'],
    [1_980_000_000, 'Hertz', '1.98 GHz'],
    [0, 'Count', '0'],
    [1240, 'Count', '1.24 k'],
    [41.23, 'CountPerSecond', '41.2/s'],
    [2_400_000, 'CountPerSecond', '2.4 M/s'],
    [-3.5, 'Celsius', '−3.5 °C'],
    [12, 'Furlongs', '12 Furlongs'],
  ])('%d %s is %s', (value, unit, want) => {
    expect(plain(formatValue(value, unit))).toBe(want);
  });

  it('tells no data from nought', () => {
    expect(formatValue(null, 'Count')).toBe('–');
    expect(formatValue(undefined, 'Count')).toBe('–');
    expect(formatValue(Number.NaN, 'Count')).toBe('–');
    expect(formatValue(Number.POSITIVE_INFINITY, 'Milliseconds')).toBe('+∞');
  });
});

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [0.0312345, '0.0312'],
    [312.4, '312'],
    [12_400, '12,400'],
    [0.000012, '1.2e−5'],
  ])('%d', (value, want) => {
    expect(formatNumber(value)).toBe(want);
  });
});

it('has every digit on demand', () => {
  expect(formatExact(1234.56789, 'Milliseconds')).toBe('1,234.56789 Milliseconds');
  expect(formatExact(null, 'Milliseconds')).toBe('no data');
});

describe('formatDuration', () => {
  it.each([
    [3_720_000, '1 h 2 min'],
    [86_400_000, '1 d'],
    [-90_000, '−1 min 30 s'],
  ])('%d', (ms, want) => {
    expect(plain(formatDuration(ms))).toBe(want);
  });
});

describe('formatChange', () => {
  it.each([
    [112, 100, '+12 %'],
    [88, 100, '−12 %'],
    [1300, 100, '×13'],
    [5, 0, 'from 0'],
    [0, 5, '−100 %'],
    [7, 7, '±0 %'],
    [100.01, 100, '±0 %'],
  ])('%d after %d', (now, before, want) => {
    expect(formatChange(now, before)).toBe(want);
  });

  it('says nothing where a value is missing', () => {
    expect(formatChange(null, 3)).toBe('');
    expect(formatChange(3, null)).toBe('');
  });
});

describe('formatAxis', () => {
  it('has one unit for all labels', () => {
    expect(formatAxis([0, 500, 1000, 1500], 'Milliseconds').map(plain)).toEqual(['0', '0.5 s', '1 s', '1.5 s']);
    expect(formatAxis([0, 20, 40], 'Percent').map(plain)).toEqual(['0', '20 %', '40 %']);
    expect(formatAxis([0, 0.01, 0.02], 'Ratio').map(plain)).toEqual(['0', '1 %', '2 %']);
    expect(formatAxis([0], 'Count')).toEqual(['0']);
    expect(formatAxis([0, 0.125, 0.25], 'Count').map(plain)).toEqual(['0', '0.125', '0.25']);
    expect(formatAxis([0, 250, 500, 750, 1000, 1250], 'Count').map(plain)).toEqual(['0', '0.25 k', '0.5 k', '0.75 k', '1 k', '1.25 k']);
    expect(formatAxis([0.1, 0.4, 0.7], 'Count').map(plain)).toEqual(['0.1', '0.4', '0.7']);
  });
});

it('reads counters as rates and skews as factors', () => {
  expect(unitOf('RequestsPerMinute', 'Count', 'average')).toBe('CountPerMinute');
  expect(unitOf('RequestsPerMinute', 'Count', 'Total')).toBe('Count');
  expect(unitOf('TrafficSkew', 'Ratio')).toBe('Factor');
  expect(unitOf('ErrorRatio', 'Ratio')).toBe('Ratio');
});

it.each([
  [4123.4, 'Milliseconds', '4,123.4\u00a0ms'],
  [0.25, 'Ratio', ''],
  [0.123456789, 'Ratio', '12.3457\u00a0%'],
  [312, 'Count', ''],
  [null, 'Count', ''],
] as const)('%s %s precisely', (value, unit, want) => {
  expect(formatPrecise(value, unit)).toBe(want);
});

describe('unitOf', () => {
  it.each([
    ['RequestsPerMinute', 'Count', 'average', 'CountPerMinute'],
    ['RequestsPerMinute', 'Count', 'Total', 'Count'],
    ['StreamErrors', 'Count', 'Average', 'CountPerMinute'],
    ['StreamErrors', 'Count', 'total', 'Count'],
    ['GpuEnergyJoules', 'Count', 'Total', 'Joules'],
    ['GpuEnergyJoules', 'Count', 'maximum', 'JoulesPerMinute'],
    ['RequestsInFlight', 'Count', 'average', 'Count'],
    ['TokensPerSecond', 'CountPerSecond', 'average', 'CountPerSecond'],
    ['TrafficSkew', 'Count', 'average', 'Factor'],
  ])('reads %s in %s by %s as %s', (name, unit, aggregation, want) => expect(unitOf(name, unit, aggregation)).toBe(want));

  it('knows every counter of the catalogue that is per minute', () => {
    const folder = new URL('../../../../scopes/catalogue/', import.meta.url);
    const text = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8')).join('\n');
    const counted = text.split(/^ {2}- name: /m).filter((block) => block.includes('per: minute')).map((block) => /^\w+/.exec(block)?.[0] ?? '');
    expect([...new Set(counted)].filter((name) => !name.endsWith('PerMinute')).sort()).toEqual([...perMinute].sort());
  });
});
