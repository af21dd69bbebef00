import { Button, Group, Text, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import classes from './DataTable.module.css';

export interface Column<T> {
  key: string;
  label: string;
  /** Explains the column to whoever asks. */
  hint?: string;
  numeric?: boolean;
  /** What it is sorted by; null is no value and always last. Columns without it are not sorted by. */
  value?: (row: T) => number | string | null;
  render: (row: T) => ReactNode;
  /** The label is for whoever cannot see: a checkbox, a sparkline. */
  quiet?: boolean;
}

export interface Sort {
  key: string;
  descending: boolean;
}

interface Props<T> {
  /** What the rows are. */
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  /** How many rows are drawn before somebody asks for more. */
  page?: number;
}

const names = new Intl.Collator('en', { numeric: true });

/** Rows in order of a column. Numbers in names count as numbers, ties go by `tie`, and what has no value is last either way. */
export function sortRows<T>(rows: readonly T[], columns: readonly Column<T>[], sort: Sort | undefined, tie: (row: T) => string): T[] {
  const value = columns.find((c) => c.key === sort?.key)?.value;
  if (value === undefined || sort === undefined) return [...rows];
  const turn = sort.descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    let order = 0;
    if (x === null || y === null) order = x === y ? 0 : x === null ? 1 : -1;
    else if (typeof x === 'number' && typeof y === 'number') order = (x - y) * turn;
    else order = names.compare(String(x), String(y)) * turn;
    return order === 0 ? names.compare(tie(a), tie(b)) : order;
  });
}

/** A table that can be sorted, and on narrow screens a list of cards. Of many rows it draws the first, and more of them on demand. */
export function DataTable<T>({ label, columns, rows, rowKey, sort, onSort, page = 100 }: Props<T>) {
  const [most, setMost] = useState(page);
  const sorted = sortRows(rows, columns, sort, rowKey);
  return (
    <div className={classes.scroll}>
      {/* Plain elements: there may be thousands of cells, and a component for each would take its time at every refresh. */}
      <table aria-label={label} className={classes.table}>
        <thead>
          <tr>
            {columns.map((c) => (
              <th key={c.key} scope="col" className={c.numeric ? classes.numeric : undefined} aria-sort={sort?.key === c.key ? (sort.descending ? 'descending' : 'ascending') : undefined}>
                <Head column={c} sort={sort} onSort={onSort} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, most).map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((c) => (
                <td key={c.key} className={c.numeric ? classes.numeric : undefined} data-label={c.quiet ? undefined : c.label}>
                  {c.render(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length > most && (
        <Group gap="xs" mt={6}>
          <Text size="xs" c="dimmed">
            The first {most} of {sorted.length.toLocaleString('en-US')} in this order.
          </Text>
          <Button size="compact-xs" variant="default" onClick={() => setMost(most + 5 * page)}>
            Show {Math.min(5 * page, sorted.length - most)} more
          </Button>
        </Group>
      )}
    </div>
  );
}

function Head<T>({ column, sort, onSort }: { column: Column<T>; sort: Sort | undefined; onSort: ((sort: Sort) => void) | undefined }) {
  if (column.quiet) return <span className={classes.hidden}>{column.label}</span>;
  if (column.value === undefined || onSort === undefined) return <span title={column.hint}>{column.label}</span>;
  const active = sort?.key === column.key;
  // Numbers are asked for by their greatest first, names from A.
  const descending = active ? !sort.descending : column.numeric === true;
  return (
    <UnstyledButton fz="sm" fw={600} title={column.hint} onClick={() => onSort({ key: column.key, descending })}>
      {column.label}
      {active && (sort.descending ? <IconArrowDown size={12} aria-hidden /> : <IconArrowUp size={12} aria-hidden />)}
    </UnstyledButton>
  );
}
