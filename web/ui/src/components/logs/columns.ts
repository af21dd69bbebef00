/** Which columns of a table are shown, how wide, and dynamic values taken apart. */

import type { Cell, LogColumn, LogTable } from './answer';
import { cellText, isDynamic, isNumeric, isTime, parseDynamic } from './cells';

// Columns that every row of a log table has, whose values say little about it.
const bookkeeping = new Set(['_ResourceId', '_SubscriptionId', 'TenantId', 'SourceSystem', 'Type', '_BilledSize', '_IsBillable']);

/** Few columns are all shown; of many, those that say nothing in any row are not, until somebody asks. */
const many = 12;

/** Names of the columns to show if nobody chose: without those that are empty in all rows, and without bookkeeping. */
export function usualColumns(table: LogTable): string[] {
  if (table.columns.length <= many) return table.columns.map((c) => c.name);
  const shown = table.columns.filter((c, i) => !bookkeeping.has(c.name) && (table.rows.length === 0 || table.rows.some((row) => !isEmptyCell(row[i]))));
  return (shown.length === 0 ? table.columns : shown).map((c) => c.name);
}

export function isEmptyCell(cell: Cell | undefined): boolean {
  return cell === null || cell === undefined || cell === '';
}

const character = 7.3; // pixels of one in the grid's font
const [narrowest, widest] = [64, 420];

/** The width of a column in pixels, by its name and some of its values. */
export function columnWidth(table: LogTable, index: number, utc: boolean): number {
  const column = table.columns[index];
  if (column === undefined) return narrowest;
  const step = Math.max(1, Math.floor(table.rows.length / 100));
  let longest = 0;
  for (let i = 0; i < table.rows.length; i += step) longest = Math.max(longest, cellText(table.rows[i]?.[index], column, utc).length);
  const head = column.name.length * character + 50;
  return Math.round(Math.min(widest, Math.max(narrowest, head, longest * character + 20)));
}

/** Widths that fill what there is: room that is left goes to the last column that may be wider. */
export function spread(widths: readonly number[], available: number, mayGrow: readonly boolean[]): number[] {
  const left = Math.floor(available) - widths.reduce((a, b) => a + b, 0);
  const last = mayGrow.lastIndexOf(true);
  return left <= 0 || last < 0 ? [...widths] : widths.map((w, i) => (i === last ? w + left : w));
}

export const isRight = (column: LogColumn) => isNumeric(column) || column.type === 'timespan';

/**
 * The table with a column for each member of the dynamic objects of one column, after it: Properties.Model. Types are those of the
 * members where all rows agree; what is more than a hundred members stays in the object.
 */
export function expandColumn(table: LogTable, name: string): LogTable {
  const at = table.columns.findIndex((c) => c.name === name);
  if (at < 0) return table;
  const parsed = table.rows.map((row) => asObject(parseDynamic(row[at])));
  const types = new Map<string, string>();
  for (const object of parsed) {
    for (const [key, value] of Object.entries(object)) {
      if (value === null || value === undefined) continue;
      const [before, type] = [types.get(key), typeOf(value)];
      if (before === undefined && types.size >= 100) continue;
      types.set(key, before === undefined || before === type ? type : 'dynamic');
    }
  }
  const keys = [...types.keys()];
  return {
    name: table.name,
    columns: [...table.columns.slice(0, at + 1), ...keys.map((key) => ({ name: `${name}.${key}`, type: types.get(key) ?? 'dynamic' })), ...table.columns.slice(at + 1)],
    rows: table.rows.map((row, i) => [...row.slice(0, at + 1), ...keys.map((key) => asCell(parsed[i]?.[key])), ...row.slice(at + 1)]),
  };
}

/** Columns whose values can be taken apart. */
export const isExpandable = (column: LogColumn) => isDynamic(column);

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function typeOf(value: unknown): string {
  if (typeof value === 'number') return 'real';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'dynamic';
}

function asCell(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string' ? value : JSON.stringify(value);
}

/** The column of a name, with its values. */
export function columnNamed(table: LogTable, name: string): { column: LogColumn; index: number } | undefined {
  const index = table.columns.findIndex((c) => c.name === name);
  const column = table.columns[index];
  return column === undefined ? undefined : { column, index };
}

export const firstTime = (table: LogTable) => table.columns.find(isTime);
