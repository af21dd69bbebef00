import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect, it, vi } from 'vitest';
import { day, hour } from '@/lib/time';
import { defaultView } from '@/lib/urlstate';
import { useFacts } from './facts';

const now = Date.now();
const iso = (t: number) => new Date(t).toISOString();
const span = { start: now - 5 * hour, end: now - 4 * hour };

const server = vi.hoisted(() => ({ alerts: [] as unknown[], asked: [] as Record<string, unknown>[] }));

// A server that knows alerts and little else.
vi.mock('@/api/client', () => ({
  api: () => ({
    POST: (path: string) => Promise.resolve(path.endsWith('/logs/query') ? { tables: [] } : { start: iso(span.start), end: iso(span.end), timestamps: [], series: [] }),
    GET: (path: string, { params }: { params: { query?: Record<string, unknown> } }) => {
      if (path !== '/api/v1/alerts') return Promise.resolve(path === '/api/v1/alert-rules' ? { value: [] } : {});
      server.asked.push(params.query ?? {});
      return Promise.resolve({ value: params.query?.monitorCondition === 'Fired' ? [] : server.alerts });
    },
  }),
  body: (answer: unknown) => answer,
}));

it('has the alerts that were open in a past time, whenever they fired', async () => {
  server.alerts = [
    { id: 'a', alertRule: 'lasted', severity: 1, firedDateTime: iso(span.start - day), resolvedDateTime: iso(span.start + 1000) },
    { id: 'b', alertRule: 'over', severity: 1, firedDateTime: iso(span.start - day), resolvedDateTime: iso(span.start - 1000) },
  ];
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const wrapper = ({ children }: { children: ReactNode }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>;
  const { result } = renderHook(() => useFacts('shop', { ...defaultView, refresh: 0, range: { kind: 'absolute', ...span } }), { wrapper });
  await waitFor(() => expect(result.current.happenedSettled && result.current.past).toBe(true));
  expect(result.current.open).toEqual([{ name: 'lasted', severity: 1 }]);
  expect(result.current.happenings.map((h) => [h.key, h.already])).toEqual([['alert a', true]]);
  expect(server.asked).toContainEqual({ scope: 'shop', start: iso(span.start - 30 * day), end: iso(span.end), limit: 1000 });
});
