/** Values of columns: how they are shown, compared and found. */

import { formatInstant } from '@/lib/time';
import type { Cell, LogColumn } from './answer';

const numeric = new Set(['int', 'long', 'real', 'decimal']);

export const isNumeric = (column: LogColumn) => numeric.has(column.type);
export const isTime = (column: LogColumn) => column.type === 'datetime';
export const isDynamic = (column: LogColumn) => column.type === 'dynamic';

/** A value in a table: numbers with six digits, times in the zone of the page with milliseconds, nothing for no value. */
export function cellText(cell: Cell | undefined, column: LogColumn, utc: boolean): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'number') return Number.isInteger(cell) ? String(cell) : String(Number(cell.toPrecision(6)));
  if (typeof cell === 'boolean') return String(cell);
  if (isTime(column)) return timeText(cell, utc);
  return cell;
}

/** A datetime of the server, which has up to seven digits of a second. */
export function timeText(cell: string, utc: boolean): string {
  const ms = Date.parse(cell);
  if (Number.isNaN(ms)) return cell;
  const fraction = ((ms % 1000) + 1000) % 1000;
  const whole = formatInstant(ms - fraction, utc);
  const withSeconds = /:\d\d:\d\d$/.test(whole) ? whole : `${whole}:00`;
  return fraction === 0 ? withSeconds : `${withSeconds}.${String(fraction).padStart(3, '0')}`;
}

/** A value with all that it has, for a tooltip or the clipboard. */
export function cellExact(cell: Cell | undefined): string {
  return cell === null || cell === undefined ? '' : String(cell);
}

/** What a value is ordered and compared by; null for none. Texts that are no number in a column of numbers, such as NaN, are none. */
export function cellOrder(cell: Cell | undefined, column: LogColumn): number | string | null {
  if (cell === null || cell === undefined) return null;
  if (typeof cell === 'number') return cell;
  if (typeof cell === 'boolean') return cell ? 1 : 0;
  if (isNumeric(column)) return finite(Number(cell));
  if (isTime(column)) return finite(timeOrder(cell));
  if (column.type === 'timespan') return timespanMs(cell);
  return cell;
}

const recent = Date.UTC(2020, 0, 1); // near it a number has room for all seven digits of a second

/** Instants by their milliseconds and what is below: seven digits of a second count. */
function timeOrder(cell: string): number {
  const digits = cell.length > 24 && cell.endsWith('Z') ? Number(cell.slice(23, -1)) / 10 ** (cell.length - 24) : 0;
  return Date.parse(cell) - recent + digits;
}

function finite(n: number): number | null {
  return Number.isNaN(n) ? null : n;
}

/** A number for a chart; null where there is none, and for instants. */
export function cellNumber(cell: Cell | undefined, column: LogColumn): number | null {
  const value = isTime(column) ? null : cellOrder(cell, column);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** A timespan as Kusto writes it: 1.02:03:04.5 is a day, two hours and so on. */
export function timespanMs(text: string): number | null {
  const found = /^(-)?(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(text);
  if (found === null) return null;
  const [, sign, days, hours, minutes, seconds] = found as (string | undefined)[];
  const total = ((Number(days ?? 0) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return (sign === undefined ? total : -total) * 1000;
}

/** What a dynamic value holds. Texts that are no JSON are themselves. */
export function parseDynamic(cell: Cell | undefined): unknown {
  if (typeof cell !== 'string') return cell ?? null;
  try {
    return JSON.parse(cell);
  } catch {
    return cell;
  }
}
