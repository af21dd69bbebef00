import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter } from 'react-router';
import { expect, it, vi } from 'vitest';
import type { ChartData } from '@/components/chart/model';
import { emptySpec, type ChartSpec } from '@/lib/chartspec';
import { ChartCard } from './ChartCard';

const data: ChartData = { times: [0, 60_000], interval: 60_000, span: { start: 0, end: 120_000 }, partialFrom: 60_000, unit: 'Milliseconds', series: [{ key: 'a', label: 'blue', colour: { light: '', dark: '' }, values: [12, null] }] };
const read = (answer: ChartData) => answer;

function show(answer: ChartData | undefined, spec?: ChartSpec, error: unknown = null, server: object = {}) {
  const client = new QueryClient();
  client.setQueryData(['server'], server);
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={client}>
        <MemoryRouter initialEntries={['/?last=4h&utc=1']}>
          <ChartCard title="Latency" asked={{ data: answer, error, dataUpdatedAt: 0, refetch: () => undefined }} height={100} read={read} draw={() => <p>drawn</p>} spec={spec} />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return userEvent.setup();
}

const open = (user: ReturnType<typeof userEvent.setup>) => user.click(screen.getByRole('button', { name: 'Actions of Latency' }));

it('turns into a table and back', async () => {
  const user = show(data);
  expect(screen.getByText('drawn')).toBeTruthy();
  await open(user);
  await user.click(screen.getByRole('menuitem', { name: 'Show as a table' }));
  const rows = screen.getAllByRole('row').map((r) => r.textContent.replaceAll('\u00a0', ' '));
  expect(rows).toEqual(['Timeblue', '1970-01-01 00:01 runs still–', '1970-01-01 00:0012 ms']);
  await open(user);
  await user.click(screen.getByRole('menuitem', { name: 'Show as a chart' }));
  expect(screen.getByText('drawn')).toBeTruthy();
});

it('leads to a rule for each metric, the explorer and the logs', async () => {
  const user = show(data, { ...emptySpec, scopes: ['a'], metrics: [{ name: 'M', aggregation: '' }, { name: 'N', aggregation: '' }] });
  await open(user);
  const links = screen.getAllByRole('menuitem').map((item) => item.getAttribute('href')).filter((href) => href !== null);
  expect(links).toEqual([
    '/explore?last=4h&utc=1&scope=a&metric=M&metric=N',
    '/alerts/rules/new?last=4h&utc=1&scope=a&metric=M',
    '/alerts/rules/new?last=4h&utc=1&scope=a&metric=N',
    '/logs?utc=1&start=1970-01-01T00%3A00%3A00Z&end=1970-01-01T00%3A02%3A00Z&scope=a',
  ]);
});

it('leads to Grafana where one is known', async () => {
  const spec: ChartSpec = { ...emptySpec, promql: ['up'] };
  await open(show(data, spec));
  expect(screen.queryByRole('menuitem', { name: 'Open in Grafana' })).toBeNull();
  cleanup();
  const page = { opener: window, location: { href: '' }, close: () => undefined };
  vi.spyOn(window, 'open').mockReturnValue(page as unknown as Window);
  const user = show(data, spec, null, { grafanaUrl: 'https://g.example' });
  await open(user);
  await user.click(screen.getByRole('menuitem', { name: 'Open in Grafana' }));
  await waitFor(() => expect(page.location.href).toContain('https://g.example/explore?'));
  expect(page.opener).toBeNull();
});

it('has no files while there is nothing, and says why', async () => {
  const user = show(undefined, emptySpec, new Error('the server is away'));
  expect(screen.getByRole('alert').textContent).toContain('the server is away');
  await open(user);
  expect(screen.getByRole('menuitem', { name: 'Download CSV' }).getAttribute('data-disabled')).toBe('true');
});
