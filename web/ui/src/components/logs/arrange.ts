/** Which rows of a table are shown, and in which order. Made for hundreds of thousands of rows: orders are of indices, never of rows. */

import type { Cell, LogColumn, LogTable } from './answer';
import { cellOrder, cellText, isNumeric, isTime, timespanMs } from './cells';
import { none, ranksOf } from './rank';

export interface GridSort {
  column: string;
  descending: boolean;
}

/** Conditions on columns by their name, as they are typed. */
export type Filters = Readonly<Record<string, string>>;

type Test = (cell: Cell | undefined) => boolean;

/**
 * Reads a condition: `=x` and `!=x` for the whole value, `!x` for not containing, `>5`, `>=5`, `<5`, `<=5` and `1..5` for order, and
 * anything else for containing, whatever the case.
 */
export function parseFilter(text: string, column: LogColumn, utc: boolean): Test | undefined {
  const wanted = text.trim();
  if (wanted === '') return undefined;
  const shown = (cell: Cell | undefined) => cellText(cell, column, utc).toLowerCase();
  const range = /^(.+?)\.\.(.+)$/.exec(wanted);
  if (range !== null && column.type !== 'string') {
    const [low, high] = [bound(range[1] ?? '', column, utc), bound(range[2] ?? '', column, utc)];
    if (low !== null && high !== null) return ordered(column, (v) => v >= low && v <= high);
  }
  const found = /^(>=|<=|!=|>|<|=|!)\s*(.*)$/.exec(wanted);
  const [sign, rest] = [found?.[1], (found?.[2] ?? '').toLowerCase()];
  const limit = bound(rest, column, utc);
  switch (sign) {
    case undefined:
      return (cell) => shown(cell).includes(wanted.toLowerCase());
    case '=':
      return (cell) => shown(cell) === rest;
    case '!=':
      return (cell) => shown(cell) !== rest;
    case '!':
      return (cell) => !shown(cell).includes(rest);
    default:
      if (limit === null) return () => false;
      return ordered(column, (v) => (sign === '>' ? v > limit : sign === '>=' ? v >= limit : sign === '<' ? v < limit : v <= limit));
  }
}

// Numbers with numbers, times in the zone of the page, and all else as it is written.
function bound(text: string, column: LogColumn, utc: boolean): number | string | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (isNumeric(column)) return Number.isNaN(Number(trimmed)) ? null : Number(trimmed);
  if (column.type === 'timespan') return timespanMs(trimmed);
  if (isTime(column)) return instant(trimmed, utc);
  return trimmed.toLowerCase();
}

function instant(text: string, utc: boolean): number | null {
  const iso = text.toUpperCase().replace(' ', 'T');
  const full = iso.includes('T') ? iso : `${iso}T00:00`;
  const ms = Date.parse(utc && !full.endsWith('Z') ? `${full}Z` : full);
  return Number.isNaN(ms) ? null : ms;
}

function ordered(column: LogColumn, keep: (value: number | string) => boolean): Test {
  return (cell) => {
    const value = isTime(column) && typeof cell === 'string' ? Date.parse(cell) : cellOrder(cell, column);
    return value !== null && keep(typeof value === 'string' ? value.toLowerCase() : value);
  };
}

/** The indices of the rows that pass all conditions and contain a text somewhere. */
export function filterIndices(table: LogTable, filters: Filters, find: string, utc: boolean): number[] {
  const tests: { index: number; test: Test }[] = [];
  table.columns.forEach((column, index) => {
    const test = parseFilter(filters[column.name] ?? '', column, utc);
    if (test !== undefined) tests.push({ index, test });
  });
  const wanted = find.trim().toLowerCase();
  // Times are costly to write; they have nothing but digits and signs.
  const inTimes = /^[\d\s:.-]+$/.test(wanted);
  const out: number[] = [];
  table.rows.forEach((row, i) => {
    if (!tests.every(({ index, test }) => test(row[index]))) return;
    if (wanted !== '' && !table.columns.some((c, j) => (inTimes || !isTime(c)) && cellText(row[j], c, utc).toLowerCase().includes(wanted))) return;
    out.push(i);
  });
  return out;
}

/** Indices in order of a column; rows without a value are last either way, and equal ones stay in the order of the table. */
export function sortIndices(table: LogTable, indices: readonly number[], sort: GridSort | undefined): readonly number[] {
  const at = table.columns.findIndex((c) => c.name === sort?.column);
  const column = table.columns[at];
  if (column === undefined || sort === undefined) return indices;
  const { ranks, count } = ranksOf(table, column, at);
  // Each rank has its place, as in a counting sort: what is filtered anew, or turned round, is not compared again.
  const places = new Uint32Array(count + 2);
  const slot = (row: number) => {
    const rank = ranks[row] ?? none;
    return rank === none ? count : sort.descending ? count - 1 - rank : rank;
  };
  for (const row of indices) places[slot(row) + 1] = (places[slot(row) + 1] ?? 0) + 1;
  for (let i = 1; i < places.length; i++) places[i] = (places[i] ?? 0) + (places[i - 1] ?? 0);
  const out = new Array<number>(indices.length);
  for (const row of indices) {
    const place = places[slot(row)] ?? 0;
    out[place] = row;
    places[slot(row)] = place + 1;
  }
  return out;
}
