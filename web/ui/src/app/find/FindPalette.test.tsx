import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter, useLocation } from 'react-router';
import { useCallback, useState } from 'react';
import { beforeEach, expect, it, vi } from 'vitest';
import FindPalette from './FindPalette';
import { useTypedAhead } from './useTypedAhead';

const answers: Record<string, unknown> = {
  '/api/v1/scopes': { scopes: [{ scope: 'fraud', name: 'fraud', level: 'endpoint', state: 'ready', children: [{ scope: 'fraud/blue', name: 'blue', level: 'deployment', state: 'missing' }] }] },
  '/api/v1/metric-definitions': { definitions: [{ name: 'RequestLatency_P99', display_name: 'Request Latency P99', description: 'How long. More.' }] },
  '/api/v1/alert-rules': { value: [{ name: 'latency~fraud', description: 'Too slow.' }] },
};

beforeEach(() => {
  vi.stubGlobal('fetch', (request: Request) => {
    const answer = answers[new URL(request.url).pathname];
    return Promise.resolve(answer === undefined ? new Response('{"title":"No such path"}', { status: 404 }) : Response.json(answer));
  });
});

const Where = () => {
  const { pathname, search } = useLocation();
  return <output>{pathname + search}</output>;
};

function Finding({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  return <FindPalette text={text} onText={setText} onClose={onClose} />;
}

async function open(onClose = vi.fn(), at = '/?last=4h') {
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <MemoryRouter initialEntries={[at]}>
          <Finding onClose={onClose} />
          <Where />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
  await screen.findByRole('option', { name: /fraud\/blue/ });
  return { onClose, field: screen.getByRole('combobox') };
}

it('finds all kinds, treats unknown kinds as none, and opens what is chosen by keys with the time of the page', async () => {
  const { onClose, field } = await open();
  await userEvent.type(field, 'latency');
  expect(screen.getAllByRole('group').map((g) => g.getAttribute('aria-label'))).toEqual(['Alert rules', 'Metrics']);
  expect(screen.queryByText(/Not searched/)).toBeNull();
  await userEvent.keyboard('{ArrowDown}');
  expect(screen.getByRole('option', { selected: true }).textContent).toContain('RequestLatency_P99');
  await userEvent.keyboard('{Enter}');
  expect(onClose).toHaveBeenCalled();
  expect(document.querySelector('output')?.textContent).toBe('/explore?last=4h&scope=*&metric=RequestLatency_P99');
});

it('has the focus as soon as it is there, for an Enter that comes at once', () => {
  void open();
  expect(document.activeElement).toBe(screen.getByRole('combobox'));
});

it('opens metrics at the scope of the page, and says where there is nothing', async () => {
  const { field } = await open(vi.fn(), '/endpoints/fraud/blue');
  await userEvent.type(field, 'p99');
  await userEvent.click(screen.getByRole('option'));
  expect(document.querySelector('output')?.textContent).toContain('scope=fraud%2Fblue');
  await userEvent.clear(field);
  await userEvent.type(field, 'zzz');
  expect(screen.getByText('Nothing is called “zzz”.')).toBeDefined();
});

it('takes what is typed before it is there', async () => {
  function Early({ on }: { on: boolean }) {
    const [text, setText] = useState('');
    useTypedAhead(on, useCallback((edit: (text: string) => string) => setText(edit), []));
    return <output>{text}</output>;
  }
  const { rerender } = render(<Early on />);
  await userEvent.keyboard('gree{Backspace}en{Enter}');
  expect(screen.getByRole('status').textContent).toBe('green');
  rerender(<Early on={false} />);
  await userEvent.keyboard('-2');
  expect(screen.getByRole('status').textContent).toBe('green');
});
