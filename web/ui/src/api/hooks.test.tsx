import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect, it, vi } from 'vitest';
import { minute } from '@/lib/time';
import { defaultView } from '@/lib/urlstate';
import { useMetrics } from './hooks';

const server = vi.hoisted(() => ({ answers: 1 }));

// A server that answers some questions and is silent after them.
vi.mock('./client', () => ({
  api: () => ({ POST: () => (server.answers-- > 0 ? Promise.resolve({ series: [] }) : new Promise(() => undefined)) }),
  body: (answer: unknown) => answer,
}));

it('shows the answer of before for another time, and never under another name', async () => {
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>;
  const { result, rerender } = renderHook(({ scope, length }) => useMetrics({ scope, metric: 'M' }, { ...defaultView, range: { kind: 'relative', length } }), { wrapper, initialProps: { scope: 'a', length: minute } });
  await waitFor(() => expect(result.current.data).toBeDefined());
  rerender({ scope: 'a', length: 2 * minute });
  expect(result.current).toMatchObject({ data: { series: [] }, isPlaceholderData: true, refresh: defaultView.refresh });
  rerender({ scope: 'b', length: 2 * minute });
  expect(result.current.data).toBeUndefined();
});
