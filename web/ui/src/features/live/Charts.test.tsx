import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import { expect, it, vi } from 'vitest';
import { withSecond } from './buffer';
import { Charts } from './Charts';
import { row, secondOf, start, traffic } from './testing';
import type { LiveRow } from './types';

vi.mock('@/components/chart/Chart', () => ({ Chart: () => 'drawn' }));

// Seven cards, on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 });

function show(total: LiveRow | null) {
  const buffer = withSecond([], secondOf(0, { total }), start + 1200);
  const frame = { buffer, end: start + 1000, length: 60_000, over: 10_000, factor: 2 ** (1 / 8), split: 'none', parts: [], percentile: 'p95' } as const;
  const client = new QueryClient();
  client.setQueryData(['server'], {});
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={client}>
        <MemoryRouter>
          <Charts frame={frame} utc />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
}

const says = (title: string) => screen.getByRole('region', { name: title }).textContent;

it('does not say what instances lack that did not answer', () => {
  show(null);
  for (const title of ['Requests', 'Failures', 'Durations over 10\u00a0s', 'Requests under way', 'CPU', 'Memory']) expect(says(title)).toContain('No instance answered.');
  expect(document.body.textContent).not.toContain('tells of');
});

it('says what those lack that did', () => {
  show(row('chat', { traffic: null }));
  expect(says('Requests')).toContain('No instance has a proxy');
  expect(says('Durations over 10\u00a0s')).toContain('No instance has a proxy');
  expect(says('CPU')).toContain('No instance told of its CPU');
  expect(document.body.textContent).toContain('None of these instances tells of a GPU or tokens.');
});

it('says that no request ended where a proxy told so', () => {
  show(row('chat', { traffic: traffic(0) }));
  expect(says('Requests')).toContain('drawn');
  expect(says('Durations over 10\u00a0s')).toContain('No request that counts ended in this time.');
});
