import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { createMemoryRouter, RouterProvider } from 'react-router';
import { beforeEach, expect, it, vi } from 'vitest';
import { Component as ProcessingPage } from './processing/ProcessingPage';

vi.setConfig({ testTimeout: 20_000 }); // a busy machine takes its time to draw

const path = '/api/v1/processing-rules/quiet';
const document = (version: number, description: string) => ({ name: 'quiet', description, enabled: true, scopes: [], actions: [{ actionType: 'RemoveAllActionGroups' }], version, etag: `"${version}"`, updatedBy: 'ada' });

/** What the server has, and what it was sent. */
let stored: ReturnType<typeof document> | undefined;
let sent: { method: string; ifMatch: string | null }[];
let held: Promise<void> | undefined;

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method !== 'GET') {
    sent.push({ method: request.method, ifMatch: request.headers.get('If-Match') });
    const { description } = (await request.json()) as { description: string };
    stored = document((stored?.version ?? 6) + 1, description);
    return Response.json(stored);
  }
  if (pathname !== path) return Response.json({ value: [], entries: [], scopes: [], definitions: [] });
  await held;
  return stored === undefined ? new Response('{"title":"No such rule"}', { status: 404 }) : Response.json(stored);
}

beforeEach(() => {
  stored = document(1, 'Nightly');
  sent = [];
  held = undefined;
  vi.stubGlobal('fetch', answer);
});

async function open() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const router = createMemoryRouter(
    [
      { path: '/alerts/processing/:name', Component: ProcessingPage },
      { path: '*', element: <p>Elsewhere</p> },
    ],
    { initialEntries: ['/alerts/processing/quiet'] },
  );
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  const field = await screen.findByRole<HTMLInputElement>('textbox', { name: 'Description' });
  return { field, ask: () => act(() => client.refetchQueries({ queryKey: ['processing-rules', 'one'] })), user: userEvent.setup() };
}

it('sees no conflict with itself after it saved', async () => {
  const { field, user, ask } = await open();
  await user.type(field, ' job');
  // The page asks again what is stored, and the answer is late.
  let release = () => {};
  held = new Promise((done) => (release = done));
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await screen.findByText('Saved.');
  expect(screen.queryByText(/Somebody else/)).toBeNull();
  release();
  stored = document(9, 'Theirs');
  await ask();
  expect(await screen.findByText(/Somebody else/), 'a true one is told').toBeDefined();
});

it('keeps the form where somebody deletes what it is about, and saving makes it anew', async () => {
  const { field, user, ask } = await open();
  await user.type(field, ' job');
  stored = undefined;
  await ask();
  expect(await screen.findByText('It was deleted meanwhile')).toBeDefined();
  expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'Description' }).value).toBe('Nightly job');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await screen.findByText('Saved.');
  expect(sent).toEqual([{ method: 'POST', ifMatch: null }]);
  expect(screen.queryByText('It was deleted meanwhile')).toBeNull();
});

it('asks before changes are left that are not saved, and only then', async () => {
  const { field, user } = await open();
  await user.type(field, ' job');
  await user.click(screen.getByRole('link', { name: 'Silences' }));
  expect(await screen.findByText('Leave without saving?')).toBeDefined();
  await user.click(screen.getByRole('button', { name: 'Stay' }));
  await user.click(screen.getByRole('radio', { name: 'History' }));
  await user.click(await screen.findByRole('button', { name: 'Stay' }));
  expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'Description' }).value).toBe('Nightly job');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await screen.findByText('Saved.');
  await user.click(screen.getByRole('link', { name: 'Silences' }));
  await waitFor(() => expect(screen.getByText('Elsewhere')).toBeDefined());
});
