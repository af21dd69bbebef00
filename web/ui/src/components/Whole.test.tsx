import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter } from 'react-router';
import { act, useState } from 'react';
import { expect, it, vi } from 'vitest';
import { Problem } from '@/api/problem';
import { Whole } from './Whole';

function Draft({ stored }: { stored: string }) {
  const [text, setText] = useState(stored);
  return <input aria-label="Comment" value={text} onChange={(e) => setText(e.currentTarget.value)} />;
}

const page = (data: string | undefined, error: unknown) => (
  <MantineProvider env="test">
    <MemoryRouter>
      <Whole asked={{ data, error, dataUpdatedAt: 0, refetch: () => undefined }}>{(stored) => <Draft stored={stored} />}</Whole>
    </MemoryRouter>
  </MantineProvider>
);

it('keeps drafts while a refresh fails and recovers', async () => {
  const { rerender } = render(page('', null));
  await userEvent.type(screen.getByRole('textbox'), 'looked at it');
  rerender(page('', new Problem(502, 'Bad gateway', '')));
  expect(screen.getByRole('status').textContent).toContain('bad gateway');
  expect(screen.getByRole<HTMLInputElement>('textbox').value).toBe('looked at it');
  rerender(page('', null));
  expect(screen.queryByRole('status')).toBeNull();
  expect(screen.getByRole<HTMLInputElement>('textbox').value).toBe('looked at it');
});

it('says what failed before there are data', () => {
  render(page(undefined, new Problem(404, 'No such alert', '')));
  expect(screen.getByRole('alert').textContent).toContain('No such alert');
});

it('says when a refresh is overdue, and keeps what is there', () => {
  vi.useFakeTimers();
  try {
    const asked = { data: 'a', error: null, dataUpdatedAt: Date.now(), refresh: 10_000, refetch: () => undefined };
    render(
      <MantineProvider env="test">
        <MemoryRouter>
          <Whole asked={asked}>{(stored) => <Draft stored={stored} />}</Whole>
        </MemoryRouter>
      </MantineProvider>,
    );
    expect(screen.queryByRole('status')).toBeNull();
    act(() => void vi.advanceTimersByTime(31_000));
    expect(screen.getByRole('status').textContent).toContain('no newer answer has come yet');
    expect(screen.getByRole<HTMLInputElement>('textbox').value).toBe('a');
  } finally {
    vi.useRealTimers();
  }
});
