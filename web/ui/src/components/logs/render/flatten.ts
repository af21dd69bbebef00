/** Arrays of make-series become rows, one for each step. */

import type { Cell, LogTable } from '../answer';
import { isDynamic, parseDynamic } from '../cells';

export const mostRows = 200_000;

/** The table with a row for each element, where its dynamic columns are arrays of the same length; or else as it is. */
export function flattenArrays(table: LogTable): LogTable {
  const dynamics = table.columns.flatMap((c, i) => (isDynamic(c) ? [i] : []));
  if (dynamics.length === 0 || table.rows.length === 0) return table;
  const arrays = table.rows.map((row) => dynamics.map((i) => parseDynamic(row[i])));
  const lengths = arrays.map((row) => (row.every(Array.isArray) ? new Set(row.map((a) => (a as unknown[]).length)) : new Set<number>()));
  if (lengths.some((l) => l.size !== 1)) return table;
  const total = lengths.reduce((sum, l) => sum + ([...l][0] ?? 0), 0);
  if (total > mostRows) return table;
  const columns = table.columns.map((c, i) => (dynamics.includes(i) ? { name: c.name, type: elementType(arrays.map((row) => row[dynamics.indexOf(i)] as unknown[])) } : c));
  const rows = table.rows.flatMap((row, r) =>
    Array.from({ length: [...(lengths[r] ?? [])][0] ?? 0 }, (_, k) => row.map((cell, i): Cell => (dynamics.includes(i) ? element((arrays[r]?.[dynamics.indexOf(i)] as unknown[])[k]) : cell))),
  );
  return { name: table.name, columns, rows };
}

function elementType(arrays: unknown[][]): string {
  const first = arrays.flat().find((v) => v !== null);
  if (typeof first === 'string') return /^\d{4}-\d{2}-\d{2}T/.test(first) ? 'datetime' : 'string';
  return typeof first === 'boolean' ? 'bool' : 'real';
}

function element(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : JSON.stringify(value);
}
