/** Conditions added to a query from a value of its answer. */

import type { Cell, LogColumn } from '@/components/logs/answer';
import { quote } from '@/lib/kql';

/** The query with the rows that have a value, or without them. A render stays last. */
export function narrowed(query: string, column: LogColumn, cell: Cell, keep: boolean): string {
  const condition = `| where ${conditionOf(column, cell, keep)}`;
  const trimmed = query.replace(/[\s;]+$/, '');
  const render = /\n?[ \t]*\|\s*render\b[^|]*$/.exec(trimmed);
  if (render === null) return `${trimmed}\n${condition}`;
  return `${trimmed.slice(0, render.index)}\n${condition}\n${render[0].trim()}`;
}

function conditionOf(column: LogColumn, cell: Cell, keep: boolean): string {
  const [name, member] = column.name.includes('.') ? split(column.name) : [column.name, undefined];
  const whole = member === undefined ? reference(name) : `${reference(name)}[${quote(member)}]`;
  if (cell === null) return `${keep ? 'isnull' : 'isnotnull'}(${whole})`;
  const sign = keep ? '==' : '!=';
  if (typeof cell === 'string' && (column.type === 'string' || column.type === 'dynamic' || member !== undefined)) {
    const compared = column.type === 'string' && member === undefined ? whole : `tostring(${whole})`;
    return `${compared} ${sign} ${quote(cell)}`;
  }
  if (member !== undefined) return `${typeof cell === 'boolean' ? 'tobool' : 'todouble'}(${whole}) ${sign} ${String(cell)}`;
  return `${whole} ${sign} ${literal(column, cell)}`;
}

function literal(column: LogColumn, cell: string | number | boolean): string {
  if (typeof cell === 'boolean') return String(cell);
  if (column.type === 'real') return `real(${String(cell)})`;
  return typeof cell === 'number' ? String(cell) : `${column.type}(${cell})`;
}

// Columns that were made of members: Properties.Model. The names of the tables' columns have no dots.
function split(name: string): [string, string] {
  const dot = name.indexOf('.');
  return [name.slice(0, dot), name.slice(dot + 1)];
}

const reference = (name: string) => (/^[A-Za-z_]\w*$/.test(name) ? name : `[${quote(name)}]`);
