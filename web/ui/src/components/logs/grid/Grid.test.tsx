import { MantineProvider } from '@mantine/core';
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it, vi } from 'vitest';
import type { LogTable } from '../answer';
import type { GridSort } from '../arrange';
import { Grid } from './Grid';

const table: LogTable = {
  name: 'T',
  columns: [
    { name: 'Name', type: 'string' },
    { name: 'Ms', type: 'int' },
    { name: 'P', type: 'dynamic' },
  ],
  rows: Array.from({ length: 1000 }, (_, i) => [`row ${i}`, i, null]),
};

// There is no layout in tests: the grid is told that it has room.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(260);
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(800);
});

function setup(sort?: GridSort) {
  const calls = { onOpen: vi.fn(), onSort: vi.fn(), onFilter: vi.fn() };
  render(
    <MantineProvider env="test">
      <Grid label="Rows" table={table} rows={table.rows.map((_, i) => i)} columns={['Name', 'Ms']} utc sort={sort} filters={{}} height={260} {...calls} />
    </MantineProvider>,
  );
  return calls;
}

it('draws only the rows that are seen, and says how many there are', () => {
  setup();
  const grid = screen.getByRole('grid', { name: 'Rows' });
  expect(grid.getAttribute('aria-rowcount')).toBe('1001');
  const drawn = within(grid).getAllByRole('row').length;
  expect(drawn).toBeGreaterThan(5);
  expect(drawn).toBeLessThan(60);
  expect(screen.getAllByRole('columnheader')).toHaveLength(2);
});

it('is walked by keys and opens the active row', async () => {
  const { onOpen } = setup();
  screen.getByRole('grid').focus();
  await userEvent.keyboard('{ArrowDown}{ArrowDown}{ArrowUp}{Enter}');
  expect(onOpen).toHaveBeenLastCalledWith(1);
  await userEvent.keyboard('{End}{Enter}');
  expect(onOpen).toHaveBeenLastCalledWith(999);
});

it.each([
  [undefined, 'Ms', { column: 'Ms', descending: true }],
  [{ column: 'Ms', descending: true }, 'Ms', { column: 'Ms', descending: false }],
  [{ column: 'Ms', descending: false }, 'Ms', undefined],
  [undefined, 'Name', { column: 'Name', descending: false }],
])('sorted by %j, a click on %s sorts by %j', async (before, name, after) => {
  const { onSort } = setup(before);
  await userEvent.click(within(screen.getByRole('columnheader', { name: new RegExp(name) })).getByRole('button', { name }));
  expect(onSort).toHaveBeenCalledWith(after);
});

it('filters by column', async () => {
  const { onFilter } = setup();
  await userEvent.type(screen.getByRole('textbox', { name: 'Filter Ms' }), '>');
  expect(onFilter).toHaveBeenCalledWith('Ms', '>');
});
