/** Which rows of a table are shown, and in which order. Made for hundreds of thousands of rows: orders are of indices, never of rows. */

import type { Cell, LogColumn, LogTable } from './answer';
import { cellOrder, cellText, isNumeric, isTime, timespanMs } from './cells';

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
  const out: number[] = [];
  table.rows.forEach((row, i) => {
    if (!tests.every(({ index, test }) => test(row[index]))) return;
    if (wanted !== '' && !table.columns.some((c, j) => cellText(row[j], c, utc).toLowerCase().includes(wanted))) return;
    out.push(i);
  });
  return out;
}

/** Indices in order of a column; rows without a value are last either way, and equal ones stay as they are. */
export function sortIndices(table: LogTable, indices: readonly number[], sort: GridSort | undefined): readonly number[] {
  const at = table.columns.findIndex((c) => c.name === sort?.column);
  const column = table.columns[at];
  if (column === undefined || sort === undefined) return indices;
  const ranks = rank(table, column, at);
  const turn = sort.descending ? -1 : 1;
  return [...indices].sort((a, b) => {
    const [x, y] = [ranks[a] ?? Number.NaN, ranks[b] ?? Number.NaN];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) === Number.isNaN(y) ? a - b : Number.isNaN(x) ? 1 : -1;
    return (x - y) * turn || a - b;
  });
}

const words = new Intl.Collator('en', { numeric: true });
const fewWords = 20_000; // comparing by the rules of a language is slow: of more values than this, by their characters

/** The place of each row's value among all values of a column; NaN for none. */
function rank(table: LogTable, column: LogColumn, at: number): Float64Array {
  const out = new Float64Array(table.rows.length).fill(Number.NaN);
  const texts = new Map<string, number>();
  const values = table.rows.map((row) => cellOrder(row[at], column));
  for (const v of values) if (typeof v === 'string') texts.set(v, 0);
  const byCharacters = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  [...texts.keys()].sort(texts.size > fewWords ? byCharacters : (a, b) => words.compare(a, b) || byCharacters(a, b)).forEach((text, i) => texts.set(text, i));
  values.forEach((v, i) => {
    if (v !== null) out[i] = typeof v === 'number' ? v : (texts.get(v) ?? Number.NaN);
  });
  return out;
}
