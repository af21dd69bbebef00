import { expect, it } from 'vitest';
import type { LogTable } from './answer';
import { columnWidth, expandColumn, spread, usualColumns } from './columns';

const wide: LogTable = {
  name: 'T',
  columns: Array.from({ length: 14 }, (_, i) => ({ name: i === 13 ? 'TenantId' : `C${i}`, type: 'string' })),
  rows: [
    Array.from({ length: 14 }, (_, i) => (i === 3 ? '' : i === 4 ? null : 'x')),
    Array.from({ length: 14 }, (_, i) => (i === 3 ? '' : i === 4 ? 'y' : 'x')),
  ],
};

it('leaves out what is empty in all rows, and bookkeeping, of many columns', () => {
  expect(usualColumns(wide)).toEqual(wide.columns.map((c) => c.name).filter((n) => n !== 'C3' && n !== 'TenantId'));
  expect(usualColumns({ ...wide, columns: wide.columns.slice(0, 5) })).toHaveLength(5);
  expect(usualColumns({ ...wide, rows: [] })).toHaveLength(13);
});

it('takes dynamic objects apart', () => {
  const table: LogTable = {
    name: 'T',
    columns: [
      { name: 'P', type: 'dynamic' },
      { name: 'M', type: 'string' },
    ],
    rows: [
      ['{"Model":"a","Tokens":5,"Mixed":1}', 'one'],
      ['{"Tokens":7,"Mixed":"x","Deep":{"k":[1]}}', 'two'],
      [null, 'three'],
      ['[1,2]', 'four'],
    ],
  };
  const got = expandColumn(table, 'P');
  expect(got.columns.map((c) => `${c.name}: ${c.type}`)).toEqual(['P: dynamic', 'P.Model: string', 'P.Tokens: real', 'P.Mixed: dynamic', 'P.Deep: dynamic', 'M: string']);
  expect(got.rows.map((r) => r.slice(1))).toEqual([
    ['a', 5, 1, null, 'one'],
    [null, 7, 'x', '{"k":[1]}', 'two'],
    [null, null, null, null, 'three'],
    [null, null, null, null, 'four'],
  ]);
  expect(expandColumn(table, 'nothing')).toBe(table);
});

it('is as wide as names and values need, within bounds', () => {
  const table = { name: 'T', columns: [{ name: 'A', type: 'string' }], rows: [['x'.repeat(500)]] };
  expect(columnWidth(table, 0, true)).toBe(420);
  expect(columnWidth({ ...table, rows: [['x']] }, 0, true)).toBe(64);
});

it.each([
  [[100, 100], 300, [true, false], [200, 100]],
  [[100, 100], 300, [true, true], [100, 200]],
  [[100, 100], 150, [true, true], [100, 100]],
  [[100, 100], 300, [false, false], [100, 100]],
])('spreads %j over %d', (widths, available, mayGrow, want) => expect(spread(widths, available, mayGrow)).toEqual(want));
