import { describe, expect, it } from 'vitest';
import { cellNumber, cellOrder, cellText, parseDynamic, timespanMs, timeText } from './cells';

const column = (type: string) => ({ name: 'c', type });

describe('cellText', () => {
  it.each([
    [null, 'string', ''],
    [200, 'int', '200'],
    [28.51086956521739, 'real', '28.5109'],
    [15_000_000_000, 'real', '15000000000'],
    [true, 'bool', 'true'],
    ['NaN', 'real', 'NaN'],
    ['2026-11-28T07:10:32.5867462Z', 'datetime', '2026-11-28 07:10:32.586'],
    ['{"a":1}', 'dynamic', '{"a":1}'],
  ])('%j of %s', (cell, type, want) => expect(cellText(cell, column(type), true)).toBe(want));
});

it.each([
  ['2026-11-28T07:10:00Z', '2026-11-28 07:10:00'],
  ['2026-11-28T07:10:05.05Z', '2026-11-28 07:10:05.050'],
  ['not a time', 'not a time'],
])('time %s', (cell, want) => expect(timeText(cell, true)).toBe(want));

it('orders instants to the seventh digit of a second', () => {
  const cells = ['2026-11-28T07:10:00Z', '2026-11-28T07:10:00.5Z', '2026-11-28T07:10:00.5000001Z', '2026-11-28T07:10:00.500001Z', '2026-11-28T07:10:00.501Z'];
  const orders = cells.map((c) => Number(cellOrder(c, column('datetime'))));
  expect(orders).toEqual([...new Set(orders)].sort((a, b) => a - b));
  expect(cellOrder('not a time', column('datetime'))).toBeNull();
  expect(cellNumber('2026-11-28T07:10:00Z', column('datetime'))).toBeNull();
});

it.each([
  ['00:05:00', 300_000],
  ['1.02:03:04.5', 93_784_500],
  ['-00:00:01', -1000],
  ['five', null],
])('timespan %s', (text, want) => expect(timespanMs(text)).toBe(want));

it('has no number where there is none', () => {
  expect(cellNumber('NaN', column('real'))).toBeNull();
  expect(cellNumber('Infinity', column('real'))).toBeNull();
  expect(cellNumber('1.5', column('decimal'))).toBe(1.5);
  expect(cellNumber(null, column('int'))).toBeNull();
});

it('reads dynamics', () => {
  expect(parseDynamic('{"a":[1]}')).toEqual({ a: [1] });
  expect(parseDynamic('plain')).toBe('plain');
  expect(parseDynamic(null)).toBeNull();
});
