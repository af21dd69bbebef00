/** The rows that a live tail holds: the last ones, newest first. */

import type { LogColumn, LogRow } from '@/components/logs/answer';
import { formatUTC, minute, second, type Span } from '@/lib/time';

/** Rows that are kept; older ones go. */
export const mostRows = 5000;

export interface TailBuffer {
  columns: readonly LogColumn[];
  /** Newest first. */
  rows: readonly LogRow[];
  /** Rows that came, those that went since included. */
  total: number;
  /** Rows that the server did not send because this browser was too slow. */
  dropped: number;
  /** Rows that waited to be shown, and went since too many did. */
  overflowed: number;
  /** When nothing was followed, as the connection was lost; the last ones. */
  gaps: readonly Span[];
}

export const emptyBuffer: TailBuffer = { columns: [], rows: [], total: 0, dropped: 0, overflowed: 0, gaps: [] };

/** The buffer with rows that came, in the order that they came in. */
export function withRows(buffer: TailBuffer, came: readonly LogRow[]): TailBuffer {
  if (came.length === 0) return buffer;
  const rows = [...came.slice(-mostRows).reverse(), ...buffer.rows].slice(0, mostRows);
  return { ...buffer, rows, total: buffer.total + came.length };
}

/** The queue with rows that came, and how many of the oldest had to go. */
export function queued(queue: readonly LogRow[], came: readonly LogRow[]): { queue: LogRow[]; overflow: number } {
  const all = [...queue, ...came];
  return { queue: all.slice(-mostRows), overflow: Math.max(0, all.length - mostRows) };
}

/** The buffer without rows that went from the queue. */
export function withOverflow(buffer: TailBuffer, rows: number): TailBuffer {
  return { ...buffer, total: buffer.total + rows, overflowed: buffer.overflowed + rows };
}

/** Gaps that are told one by one. */
const mostGaps = 3;

/** The buffer with a time in which nothing was followed. */
export function withGap(buffer: TailBuffer, gap: Span): TailBuffer {
  return { ...buffer, gaps: [...buffer.gaps, gap].slice(-mostGaps) };
}

/** The query for the rows that may be missing. They were stored in the gap, so what they tell of can be a little older. */
export function gapParams(gap: Span, table: string, scope: string, filter: string): Record<string, string> {
  const query = [table, ...(filter.trim() === '' ? [] : [`| where ${filter.trim()}`]), '| order by TimeGenerated asc'].join('\n');
  return { query, ...(scope === '' ? {} : { scope }), start: formatUTC(gap.start - minute), end: formatUTC(gap.end + second) };
}
