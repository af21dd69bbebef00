import { MantineProvider } from '@mantine/core';
import { act, render, screen } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Panel, type Asked } from './Panel';

const now = Date.UTC(2026, 2, 1, 10, 0, 0);

beforeEach(() => void vi.useFakeTimers({ now }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function Page({ part, empty = false }: { part: Partial<Asked<string>>; empty?: boolean }) {
  const asked = { data: 'rows', error: null, dataUpdatedAt: now, refetch: () => undefined, ...part };
  return (
    <MantineProvider env="test">
      <MemoryRouter initialEntries={['/?utc=1']}>
        <Panel title="Alerts" asked={asked} isEmpty={() => empty} empty="There is none.">
          {(text) => text}
        </Panel>
      </MemoryRouter>
    </MantineProvider>
  );
}

const said = () => screen.queryAllByRole('status').map((s) => s.textContent);
function pass(ms: number): void {
  act(() => void vi.advanceTimersByTime(ms));
}

function look(hidden: boolean) {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(hidden ? 'hidden' : 'visible');
  act(() => void document.dispatchEvent(new Event('visibilitychange')));
}

it('says that a refresh is overdue, until there is an answer', () => {
  const { rerender } = render(<Page part={{ refresh: 10_000 }} />);
  pass(29_000);
  expect(said()).toEqual([]);
  pass(2000);
  expect(said()).toEqual(['As of 10:00: no newer answer has come yet.Try again']);
  rerender(<Page part={{ refresh: 10_000, dataUpdatedAt: Date.now() }} />);
  expect(said()).toEqual([]);
  pass(29_000);
  expect(said()).toEqual([]);
});

it('waits longer for what is asked less often, and for ever for what is asked once', () => {
  const { rerender } = render(<Page part={{ refresh: 60_000 }} />);
  pass(179_000);
  expect(said()).toEqual([]);
  pass(2000);
  expect(said()).toHaveLength(1);
  rerender(<Page part={{ refresh: 0 }} />);
  pass(3_600_000);
  expect(said()).toEqual([]);
});

it('asks first where it is looked at again', () => {
  render(<Page part={{ refresh: 10_000 }} />);
  look(true);
  pass(3_600_000);
  look(false);
  expect(said()).toEqual([]);
  pass(9000);
  expect(said()).toEqual([]);
  pass(2000);
  expect(said()).toHaveLength(1);
});

it('says since when data are stale in the zone of the page, with the date of another day', () => {
  render(<Page part={{ error: new Error('away'), dataUpdatedAt: now - 86_400_000 }} />);
  expect(said()[0]).toMatch(/^As of 2026-02-28 10:00: /);
});

it('marks the answer to the question before', () => {
  const { rerender } = render(<Page part={{ isPlaceholderData: true, dataUpdatedAt: 0 }} />);
  expect(said()).toEqual(['Loading…']);
  expect(screen.getByText('rows').getAttribute('aria-busy')).toBe('true');
  rerender(<Page part={{ isPlaceholderData: true, dataUpdatedAt: 0, failureReason: new Error('away') }} />);
  expect(said()[1]).toMatch(/^The answer to the question before: /);
});

it('does not say that there is nothing before it is known', () => {
  const { rerender } = render(<Page empty part={{ isPlaceholderData: true, dataUpdatedAt: 0 }} />);
  expect(screen.queryByText('There is none.')).toBeNull();
  rerender(<Page empty part={{}} />);
  expect(screen.getByText('There is none.')).toBeTruthy();
});
