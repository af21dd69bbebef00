import { MantineProvider } from '@mantine/core';
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, it } from 'vitest';
import { DataTable, sortRows, type Column, type Sort } from './DataTable';

interface Row {
  name: string;
  p99: number | null;
}

const columns: Column<Row>[] = [
  { key: 'name', label: 'Name', value: (r) => r.name, render: (r) => r.name },
  { key: 'p99', label: 'P99', numeric: true, value: (r) => r.p99, render: (r) => r.p99 },
  { key: 'note', label: 'Note', render: () => '' },
];
const rows: Row[] = [
  { name: 'e10', p99: 3 },
  { name: 'e9', p99: null },
  { name: 'e1', p99: 3 },
  { name: 'e2', p99: 7 },
];
const names = (sort: Sort) => sortRows(rows, columns, sort, (r) => r.name).map((r) => r.name);

it('has what lacks a value last either way, and ties by name', () => {
  expect(names({ key: 'p99', descending: true })).toEqual(['e2', 'e1', 'e10', 'e9']);
  expect(names({ key: 'p99', descending: false })).toEqual(['e1', 'e10', 'e2', 'e9']);
});

it('sorts numbers in names as numbers', () => {
  expect(names({ key: 'name', descending: false })).toEqual(['e1', 'e2', 'e9', 'e10']);
});

it('leaves rows as they are where a column cannot be sorted by', () => {
  expect(names({ key: 'note', descending: true })).toEqual(['e10', 'e9', 'e1', 'e2']);
});

function Sorted() {
  const [sort, setSort] = useState<Sort>({ key: 'name', descending: false });
  return (
    <MantineProvider>
      <DataTable label="Endpoints" columns={columns} rows={rows} rowKey={(r) => r.name} sort={sort} onSort={setSort} />
    </MantineProvider>
  );
}

it('sorts by the column that is asked for, numbers by the greatest first, and says so', async () => {
  render(<Sorted />);
  const table = screen.getByRole('table', { name: 'Endpoints' });
  const first = () => within(table).getAllByRole('row')[1]?.textContent;
  expect(first()).toBe('e13');
  await userEvent.click(screen.getByRole('button', { name: 'P99' }));
  expect(first()).toBe('e27');
  expect(screen.getByRole('columnheader', { name: 'P99' }).getAttribute('aria-sort')).toBe('descending');
  await userEvent.click(screen.getByRole('button', { name: 'P99' }));
  expect(first()).toBe('e13');
  expect(screen.queryByRole('button', { name: 'Note' })).toBeNull();
});

it('draws the first of many rows, and says of how many', async () => {
  const many = Array.from({ length: 12 }, (_, i) => ({ name: `e${i}`, p99: i, note: '' }));
  render(
    <MantineProvider>
      <DataTable label="Many" columns={columns} rows={many} rowKey={(r) => r.name} page={4} />
    </MantineProvider>,
  );
  const drawn = () => within(screen.getByRole('table', { name: 'Many' })).getAllByRole('row').length - 1;
  expect(drawn()).toBe(4);
  expect(screen.getByText('The first 4 of 12 in this order.')).toBeDefined();
  await userEvent.click(screen.getByRole('button', { name: 'Show 8 more' }));
  expect(drawn()).toBe(12);
});
