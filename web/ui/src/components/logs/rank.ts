/** The places of the values of a column among each other, found once for a table. */

import type { LogColumn, LogTable } from './answer';
import { cellOrder } from './cells';

/** The rank of a row without a value. */
export const none = 0xffffffff;

export interface Ranks {
  /** For each row the place of its value, from 0; equal values share theirs. */
  ranks: Uint32Array;
  /** How many different values there are. */
  count: number;
}

const known = new WeakMap<LogTable, Map<number, Ranks>>();

/** The ranks of a column; those of a table that is known are not made again. */
export function ranksOf(table: LogTable, column: LogColumn, at: number): Ranks {
  const columns = known.get(table) ?? new Map<number, Ranks>();
  known.set(table, columns);
  const before = columns.get(at);
  if (before !== undefined) return before;
  const values = table.rows.map((row) => cellOrder(row[at], column));
  const made = values.some((v) => typeof v === 'string') ? ofTexts(values) : ofNumbers(values);
  columns.set(at, made);
  return made;
}

// Numbers are sorted by the machine's own sort, without a function that compares.
function ofNumbers(values: readonly (number | string | null)[]): Ranks {
  const numbers = values.filter((v) => typeof v === 'number');
  const sorted = Float64Array.from(numbers).sort();
  const places = new Map<number, number>();
  for (const v of sorted) if (!places.has(v)) places.set(v, places.size);
  return { ranks: Uint32Array.from(values, (v) => (typeof v === 'number' ? (places.get(v) ?? none) : none)), count: places.size };
}

const words = new Intl.Collator('en', { numeric: true });
const fewWords = 5000; // comparing by the rules of a language is slow: of more values than this, by their characters

function ofTexts(values: readonly (number | string | null)[]): Ranks {
  const text = (v: number | string) => String(v);
  const different = [...new Set(values.flatMap((v) => (v === null ? [] : [text(v)])))];
  const byCharacters = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  if (different.length > fewWords) different.sort();
  else different.sort((a, b) => words.compare(a, b) || byCharacters(a, b));
  const places = new Map(different.map((v, i) => [v, i]));
  return { ranks: Uint32Array.from(values, (v) => (v === null ? none : (places.get(text(v)) ?? none))), count: places.size };
}
