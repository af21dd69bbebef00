import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import type { ReactElement } from 'react';
import { MemoryRouter } from 'react-router';
import { beforeEach, expect, it, vi } from 'vitest';
import type { AlertDetail } from '@/api/types';
import { AlertChart } from './AlertChart';
import { Details } from './Details';

vi.setConfig({ testTimeout: 20_000 }); // a busy machine takes its time to draw

// Charts have their own tests.
vi.mock('../PreviewChart', () => ({ PreviewChart: ({ window }: { window: number }) => <p>a window of {window / 60_000} minutes</p> }));

const [start, end] = ['2026-03-01T10:55:00Z', '2026-03-01T11:00:00Z'];
const series = (criterion: string) => ({ scope: 'e', criterion, dimensions: {}, timestamps: [end], values: [1], lower: [97], upper: null });
const value = (criterion: string, seen: number) => ({ criterion, metricName: 'M', timeAggregation: 'Average', operator: 'LessThan', threshold: 97, value: seen });
const alert = { id: 'a', alertRule: 'r', ruleKind: 'metric', scope: 'e', firedDateTime: end, windowStartTime: start, windowEndTime: end, values: [value('now', 95), value('hours', 96)] } as AlertDetail;

let own: object;

beforeEach(() => {
  own = { windowSize: 'PT6H' };
  vi.stubGlobal('fetch', ({ url }: Request) => {
    const preview = { start, end, series: [series('now'), series('hours')], events: [], notifications: 0, warnings: [] };
    const rule = { name: 'r', kind: 'metric', windowSize: 'PT5M', criteria: { allOf: [{ name: 'now', metricName: 'M' }, { name: 'hours', metricName: 'M', ...own }] } };
    return Promise.resolve(Response.json(url.endsWith('/preview') ? preview : rule));
  });
});

function show(element: ReactElement) {
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>
        <MemoryRouter initialEntries={['/?utc=1']}>{element}</MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
}

const shown = () => document.body.textContent.replace(/\u00a0/g, ' ');

it('draws each criterion with its own window', async () => {
  show(<AlertChart alert={alert} definitions={[]} />);
  await screen.findByText('a window of 5 minutes');
  expect(screen.getByText('a window of 360 minutes')).toBeTruthy();
  expect(shown()).toContain('M over 6 h');
});

it('tells the window of each value, and the longest', async () => {
  show(<Details alert={alert} definitions={[]} />);
  await screen.findByText(/over 6/);
  expect(shown()).toContain('average 95 over 5 min, below 97');
  expect(shown()).toContain('average 96 over 6 h, below 97');
  expect(screen.getByText(/05:00/)).toBeTruthy();
});

it('says nothing of windows that are the same', async () => {
  own = {};
  show(<Details alert={alert} definitions={[]} />);
  await screen.findByText(/10:55/);
  expect(shown()).not.toContain(' over ');
});
