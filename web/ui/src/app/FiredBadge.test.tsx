import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import { expect, it, vi } from 'vitest';
import { parseView } from '@/lib/urlstate';
import { FiredBadge } from './FiredBadge';

// For machines that are busy.
vi.setConfig({ testTimeout: 30_000 });

const key = ['alerts', 'fired', 'total'];

/** The badge after an answer, if there was one, and a question that the server answers with an error. */
async function failing(client: QueryClient) {
  vi.spyOn(globalThis, 'fetch').mockImplementation(() => Promise.resolve(new Response('{"title":"Internal server error","detail":"out of luck"}', { status: 500 })));
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={client}>
        <MemoryRouter>
          <FiredBadge view={parseView(new URLSearchParams('refresh=0&utc=1'))} />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
  await vi.waitFor(() => expect(client.getQueryState(key)?.status).toBe('error'));
  return screen.findByRole('link');
}

it.each([
  ['without an answer', undefined, 'alerts unknown', /Never answered: Internal server error: out of luck/],
  ['after none', 0, 'alerts unknown', /there were 0: Internal/],
  ['after one', 1, '1 alert', /there was 1: Internal/],
  ['after a storm', 12_345, '12,345 alerts', /there were 12345: Internal/],
])('says so where the question failed %s', async (_name, before, text, why) => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  if (before !== undefined) client.setQueryData(key, before, { updatedAt: 1000 });
  const badge = await failing(client);
  await vi.waitFor(() => expect(badge.getAttribute('title')).toMatch(why));
  expect(badge.textContent).toBe(text);
});
