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

it('orders fractions of a second after whole ones', () => {
  const [a, b] = ['2026-11-28T07:10:00Z', '2026-11-28T07:10:00.5Z'].map((c) => String(cellOrder(c, column('datetime'))));
  expect((a ?? '') < (b ?? '')).toBe(true);
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
