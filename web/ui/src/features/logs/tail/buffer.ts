/** The rows that a live tail holds: the last ones, newest first. */

import type { LogColumn, LogRow } from '@/components/logs/answer';

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
}

export const emptyBuffer: TailBuffer = { columns: [], rows: [], total: 0, dropped: 0 };

/** The buffer with rows that came, in the order that they came in. */
export function withRows(buffer: TailBuffer, came: readonly LogRow[]): TailBuffer {
  if (came.length === 0) return buffer;
  const rows = [...came.slice(-mostRows).reverse(), ...buffer.rows].slice(0, mostRows);
  return { ...buffer, rows, total: buffer.total + came.length };
}
