import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { MemoryRouter } from 'react-router';
import { expect, test, vi } from 'vitest';
import type { Tile } from '@/lib/dashboard';
import { EditGrid } from './EditGrid';

vi.setConfig({ testTimeout: 20_000 }); // a busy machine takes its time to draw

const text = (id: string, y: number): Tile => ({ id, title: id, description: '', x: 0, y, w: 6, h: 2, kind: 'text', text: `About ${id}` });

function show() {
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      observe() {}
      disconnect() {}
    },
  );
  const client = new QueryClient();
  client.setQueryData(['definitions'], []);
  const removed = vi.fn();
  function Page() {
    const [tiles, setTiles] = useState([text('one', 0), text('two', 2)]);
    return (
      <>
        <EditGrid tiles={tiles} values={{}} wrong={new Set(['two'])} mayCopy={false} onArrange={setTiles} onEdit={vi.fn()} onCopy={vi.fn()} onRemove={removed} />
        <output>{tiles.map((t) => `${t.id} ${t.x},${t.y} ${t.w}x${t.h}`).join(' | ')}</output>
      </>
    );
  }
  render(
    <MantineProvider>
      <QueryClientProvider client={client}>
        <MemoryRouter>
          <Page />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { user: userEvent.setup(), removed };
}

const layout = () => document.querySelector('output')?.textContent;

test('arrow keys on a handle move its tile and say where it is; Shift changes its size', async () => {
  const { user } = show();
  screen.getByRole('button', { name: 'Move or resize one' }).focus();
  await user.keyboard('{ArrowRight}');
  expect(layout()).toBe('one 1,0 6x2 | two 0,2 6x2');
  expect(screen.getByText('one: column 2, row 1, 6 wide, 2 high')).toBeTruthy();
  await user.keyboard('{ArrowDown}');
  expect(layout()).toBe('one 1,2 6x2 | two 0,0 6x2');
  await user.keyboard('{Shift>}{ArrowRight}{ArrowDown}{/Shift}');
  expect(layout()).toBe('one 1,2 7x3 | two 0,0 6x2');
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Move or resize one' }));
});

test('Delete removes, what is wrong is told, and a full dashboard copies nothing', async () => {
  const { user, removed } = show();
  screen.getByRole('button', { name: 'Move or resize two' }).focus();
  await user.keyboard('{Delete}');
  expect(removed).toHaveBeenCalledWith('two');
  expect(screen.getByRole('group', { name: 'Tile two' }).textContent).toContain('wrong');
  expect(screen.getByRole('button', { name: 'Duplicate one' }).hasAttribute('disabled')).toBe(true);
});
