import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import { expect, it, vi } from 'vitest';
import { StatusPanel } from './StatusPanel';

vi.setConfig({ testTimeout: 20_000 }); // a busy machine takes its time to draw

it.each([
  [{ kind: 'prometheus' }, 'None of its alerts is pending or fired.'],
  [{ kind: 'metric' }, 'The rule found no data at its last check, or was not checked yet.'],
  [{ kind: 'prometheus', enabled: false }, 'The rule is off.'],
])('says of %j without series what that means', async (more, want) => {
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ value: [] })));
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>
        <MemoryRouter>
          <StatusPanel rule={{ name: 'r', ...more }} definitions={[]} />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
  expect(await screen.findByText(want)).toBeTruthy();
});
