import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { createMemoryRouter, RouterProvider } from 'react-router';
import { expect, it, vi } from 'vitest';
import { emptyDashboard, writeDashboard } from '@/lib/dashboard';
import { Editor } from './Editor';

vi.setConfig({ testTimeout: 20_000 }); // a busy machine takes its time to draw

const tile = { id: 'one', title: 'one', description: '', x: 0, y: 0, w: 6, h: 2, kind: 'text', text: 'About one' } as const;
const document = { ...writeDashboard({ ...emptyDashboard, name: 'd', tiles: [tile] }), name: 'd', etag: '"1"', version: 1 };

/** The end of each save that is under way. The client of the API keeps the first fetch that it saw. */
const saves: (() => void)[] = [];

function open() {
  saves.length = 0;
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      observe() {}
      disconnect() {}
    },
  );
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method !== 'PUT') return Response.json(new URL(request.url).pathname === '/api/v1/dashboards/d' ? document : { scopes: [], definitions: [], value: [] });
    const body = (await request.json()) as object;
    await new Promise<void>((done) => saves.push(done));
    return Response.json({ ...body, etag: '"2"', version: 2 });
  });
  const router = createMemoryRouter([{ path: '/', element: <Editor document={document} above={[]} onReload={vi.fn()} /> }], { initialEntries: ['/?edit=1'] });
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  const user = userEvent.setup();
  const move = async () => {
    screen.getByRole('button', { name: 'Move or resize one' }).focus();
    await user.keyboard('{ArrowRight}');
  };
  const save = async () => {
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(saves).toHaveLength(1));
  };
  const answer = () =>
    act(() => {
      saves[0]?.();
      return Promise.resolve();
    });
  return { move, save, answer, search: () => router.state.location.search };
}

it('leaves the edit once it is stored', async () => {
  const { move, save, answer, search } = open();
  await move();
  await save();
  await answer();
  await waitFor(() => expect(search()).toBe(''));
});

it('keeps what is changed while it is being saved', async () => {
  const { move, save, answer, search } = open();
  await move();
  await save();
  await move();
  await answer();
  await waitFor(() => expect(screen.getByRole('button', { name: 'Save' }).hasAttribute('data-loading')).toBe(false));
  expect(search()).toBe('?edit=1');
  expect(screen.getByText('Not saved yet')).toBeDefined();
});
