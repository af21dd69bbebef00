/** Rows as CSV of RFC 4180, as the server writes it. */

import type { LogTable } from './answer';
import { cellExact } from './cells';

const field = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Some rows and columns of a table, in a given order. */
export function csvOf(table: LogTable, rows: readonly number[], columns: readonly string[]): string {
  const places = columns.map((name) => table.columns.findIndex((c) => c.name === name)).filter((i) => i >= 0);
  const lines = [places.map((i) => field(table.columns[i]?.name ?? '')).join(',')];
  for (const r of rows) lines.push(places.map((i) => field(cellExact(table.rows[r]?.[i]))).join(','));
  return `${lines.join('\r\n')}\r\n`;
}
