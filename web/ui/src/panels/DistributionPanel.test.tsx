import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import { expect, it, vi } from 'vitest';
import { DistributionPanel } from './DistributionPanel';

// For machines that are busy.
vi.setConfig({ testTimeout: 30_000 });

vi.mock('@/components/chart/HeatMap', () => ({ HeatMap: () => <p>drawn</p> }));

const json = (value: unknown) => new Response(JSON.stringify(value), { headers: { 'Content-Type': 'application/json' } });
const step = { expr: 'histogram_quantile(0.5, sum(x))', start: '2026-03-01T10:00:00Z', end: '2026-03-01T10:01:00Z', step: '1m', rollup: '' };
const histogram = { count: '3', sum: '1', buckets: [[0, '0.5', '1', '3']] };

it('shows what the server warns of, whichever of its questions it was', async () => {
  vi.spyOn(globalThis, 'fetch').mockImplementation((input) => {
    const { url } = input as Request;
    if (url.includes('/api/v1/metrics')) return Promise.resolve(json({ plan: [step], warnings: ['the buckets differ'], series: [], timestamps: [] }));
    if (url.includes('/api/v1/query_range')) return Promise.resolve(json({ status: 'success', warnings: ['some is missing'], data: { resultType: 'matrix', result: [{ metric: {}, histograms: [[Date.parse(step.start) / 1000, histogram]] }] } }));
    return Promise.resolve(json({}));
  });
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>
        <MemoryRouter>
          <DistributionPanel title="Latency" scope="a" metric="RequestLatency" />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
  expect(await screen.findByText('the buckets differ · some is missing')).toBeTruthy();
  expect(screen.getByText('drawn')).toBeTruthy();
});
