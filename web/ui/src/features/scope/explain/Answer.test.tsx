import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import { expect, it, vi } from 'vitest';
import type { Explanation } from '@/api/types';
import { Answer } from './Answer';

// For machines that are busy.
vi.setConfig({ testTimeout: 30_000 });

const charts = vi.hoisted(() => vi.fn());
vi.mock('@/panels/MetricPanel', () => ({
  MetricPanel: (props: object) => {
    charts(props);
    return null;
  },
}));

const span = { start: '2026-03-01T10:00:00Z', end: '2026-03-01T11:00:00Z' };
const contributions = [{ dimension: 'instanceId', value: 'a', scope: 'fraud/blue/a', before: 1, after: 2, share: 24.07, alone: 24.07, weight: 0.5 }];

function show(verdict: Explanation['verdict'], more: Partial<Explanation> = {}, filter = '') {
  const explanation: Explanation = { metric: 'RequestLatency_P99', aggregation: 'average', unit: 'Milliseconds', scope: 'fraud', ...span, baseline: span, before: 1, after: 1.01, change: 0.01, path: [], contributions, related: [], verdict, explanation: 'What is said.', warnings: [], ...more };
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>
        <MemoryRouter>
          <Answer explanation={explanation} filter={filter} />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return document.body.textContent;
}

it('says what explains a change', () => {
  expect(show('several')).toMatch(/Explains.*2,407\s%/);
});

it('has no part explain what is no change', () => {
  const text = show('none');
  expect(screen.getByRole('table', { name: 'Contributions', hidden: true })).toBeTruthy();
  expect(text).not.toMatch(/Explains|%/);
});

it('draws what was asked for, and all of what moved with it', () => {
  charts.mockClear();
  show('several', { related: [{ metric: 'GpuTemperature', aggregation: 'average', unit: 'Celsius', scope: 'fraud/blue/a', dimensions: {}, before: 60, after: 83, change: 23, correlation: 0.9 }] }, "instanceId eq 'a'");
  expect(charts).toHaveBeenCalledWith(expect.objectContaining({ metric: 'RequestLatency_P99', filter: "instanceId eq 'a'" }));
  expect(charts).toHaveBeenCalledWith(expect.not.objectContaining({ filter: expect.anything() as unknown }));
});

it('says that a total was brought to another length', () => {
  const baseline = { start: '2026-03-01T09:54:00Z', end: '2026-03-01T10:00:00Z' };
  expect(show('several', { metric: 'RequestsPerMinute', aggregation: 'total', unit: 'Count', baseline, before: 60 })).toMatch(/: 60 in as long a time \(6 counted\)\./);
});
