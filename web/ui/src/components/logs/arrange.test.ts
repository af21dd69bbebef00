import { describe, expect, it } from 'vitest';
import type { LogTable } from './answer';
import { filterIndices, parseFilter, sortIndices } from './arrange';

const table: LogTable = {
  name: 'T',
  columns: [
    { name: 'Instance', type: 'string' },
    { name: 'Ms', type: 'int' },
    { name: 'At', type: 'datetime' },
  ],
  rows: [
    ['blue-10', 5, '2026-01-01T00:00:02Z'],
    ['blue-2', null, '2026-01-01T00:00:01Z'],
    ['green-1', 50, '2026-01-01T00:00:01.5Z'],
  ],
};

describe('parseFilter', () => {
  it.each([
    ['string', 'BLUE', 'blue-1', true],
    ['string', '=blue', 'blue-1', false],
    ['string', '= blue-1', 'blue-1', true],
    ['string', '!=blue-1', 'blue-1', false],
    ['string', '!green', 'blue-1', true],
    ['int', '>=500', 499, false],
    ['int', '>9', 10, true],
    ['int', '< 9', 10, false],
    ['int', '400..499', 424, true],
    ['int', '>x', 424, false],
    ['int', '>5', null, false],
    ['timespan', '>00:00:05', '00:01:00', true],
    ['string', 'a..b', 'a..b', true],
    ['string', 'a..b', 'aa', false],
    ['datetime', '>=2026-01-01 10:00', '2026-01-01T10:00:00.5Z', true],
    ['datetime', '2026-01-01..2026-01-02', '2026-01-03T00:00:00Z', false],
    ['datetime', '>noon', '2026-01-03T00:00:00Z', false],
  ] as const)('%s: %s of %j', (type, text, cell, want) => expect(parseFilter(text, { name: 'c', type }, true)?.(cell)).toBe(want));

  it('is none where nothing is typed', () => expect(parseFilter('  ', { name: 'c', type: 'int' }, true)).toBeUndefined());
});

it('finds in any column, and what passes all conditions', () => {
  expect(filterIndices(table, {}, 'GREEN', true)).toEqual([2]);
  expect(filterIndices(table, { Instance: 'blue', Ms: '>1' }, '', true)).toEqual([0]);
  expect(filterIndices(table, {}, '', true)).toEqual([0, 1, 2]);
});

describe('sortIndices', () => {
  const all = [0, 1, 2];
  it.each([
    ['Instance', false, [1, 0, 2]],
    ['Ms', false, [0, 2, 1]],
    ['Ms', true, [2, 0, 1]],
    ['At', false, [1, 2, 0]],
    ['Unknown', false, [0, 1, 2]],
  ])('%s, descending %s', (column, descending, want) => expect(sortIndices(table, all, { column, descending })).toEqual(want));
});

describe('sortIndices of many kinds', () => {
  const of = (type: string, cells: (string | number | boolean | null)[], descending: boolean, indices = cells.map((_, i) => i)) => {
    const many: LogTable = { name: 'T', columns: [{ name: 'c', type }], rows: cells.map((c) => [c]) };
    return sortIndices(many, indices, { column: 'c', descending }).map((i) => cells[i]);
  };
  it.each([
    ['real', [2, null, 'NaN', 1, 2, -1], false, [-1, 1, 2, 2, null, 'NaN']],
    ['real', [2, null, 'NaN', 1, 2, -1], true, [2, 2, 1, -1, null, 'NaN']],
    ['bool', [true, false, null], false, [false, true, null]],
    ['string', ['b10', 'b9', '', null], false, ['', 'b9', 'b10', null]],
    ['timespan', ['1.00:00:00', '23:00:00', null], false, ['23:00:00', '1.00:00:00', null]],
    ['datetime', ['2026-01-01T00:00:00.0000002Z', '2026-01-01T00:00:00.0000001Z'], false, ['2026-01-01T00:00:00.0000001Z', '2026-01-01T00:00:00.0000002Z']],
  ])('%s %j, descending %s', (type, cells, descending, want) => expect(of(type, cells, descending)).toEqual(want));

  it('keeps equal ones as they are, either way, and looks only at those that pass', () => {
    const two: LogTable = { name: 'T', columns: [{ name: 'c', type: 'int' }], rows: [[1], [2], [1], [2], [1]] };
    expect(sortIndices(two, [0, 1, 2, 3, 4], { column: 'c', descending: true })).toEqual([1, 3, 0, 2, 4]);
    expect(sortIndices(two, [1, 2, 4], { column: 'c', descending: false })).toEqual([2, 4, 1]);
  });

  it('sorts more words than the rules of a language allow for by their characters', () => {
    const cells = Array.from({ length: 6000 }, (_, i) => `id-${(i * 7919) % 6007}`);
    expect(of('string', cells, false)).toEqual([...cells].sort());
  });
});

it('finds times by what is shown of them', () => {
  expect(filterIndices(table, {}, '00:00:01.5', true)).toEqual([2]);
  expect(filterIndices(table, {}, 'z', true)).toEqual([]);
});
