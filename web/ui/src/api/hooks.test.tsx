import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect, it, vi } from 'vitest';
import { minute } from '@/lib/time';
import { defaultView } from '@/lib/urlstate';
import { useFiredAlerts, useMetrics } from './hooks';

const server = vi.hoisted(() => ({ answers: 1, pages: 1, asked: [] as Record<string, unknown>[] }));

// A server that answers some questions and is silent after them.
vi.mock('./client', () => ({
  api: () => ({
    POST: () => (server.answers-- > 0 ? Promise.resolve({ series: [] }) : new Promise(() => undefined)),
    // Pages of one alert each.
    GET: (_path: string, { params: { query } }: { params: { query: { cursor?: string } } }) => {
      server.asked.push(query);
      const page = Number(query.cursor ?? '1');
      return Promise.resolve({ value: [{ id: `alert-${page}` }], ...(page < server.pages ? { nextLink: `/api/v1/alerts?cursor=${page + 1}&limit=1000` } : {}) });
    },
  }),
  body: (answer: unknown) => answer,
}));

function wrapped() {
  const client = new QueryClient();
  return ({ children }: { children: ReactNode }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}

it('shows the answer of before for another time, and never under another name', async () => {
  const wrapper = wrapped();
  const { result, rerender } = renderHook(({ scope, length }) => useMetrics({ scope, metric: 'M' }, { ...defaultView, range: { kind: 'relative', length } }), { wrapper, initialProps: { scope: 'a', length: minute } });
  await waitFor(() => expect(result.current.data).toBeDefined());
  rerender({ scope: 'a', length: 2 * minute });
  expect(result.current).toMatchObject({ data: { series: [] }, isPlaceholderData: true, refresh: defaultView.refresh });
  rerender({ scope: 'b', length: 2 * minute });
  expect(result.current.data).toBeUndefined();
});

it.each([
  [1, 1, false],
  [3, 3, false],
  [5, 5, false],
  [6, 5, true],
])('reads the fired alerts of %i pages, the most severe first', async (pages, read, cut) => {
  Object.assign(server, { pages, asked: [] });
  const { result } = renderHook(() => useFiredAlerts(defaultView, 'shop/blue'), { wrapper: wrapped() });
  await waitFor(() => expect(result.current.data).toBeDefined());
  expect(result.current.data).toEqual({ alerts: Array.from({ length: read }, (_, i) => ({ id: `alert-${i + 1}` })), cut });
  const question = { monitorCondition: 'Fired', scope: 'shop/blue', sort: 'severity', order: 'asc', limit: 1000 };
  expect(server.asked).toEqual(Array.from({ length: read }, (_, i) => (i === 0 ? question : { ...question, cursor: String(i + 1) })));
});
