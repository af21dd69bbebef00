import { act, renderHook } from '@testing-library/react';
import { MemoryRouter, useLocation } from 'react-router';
import { expect, it } from 'vitest';
import { useZoom } from './zoom';

function at(url: string) {
  return renderHook(() => ({ ...useZoom(), search: useLocation().search }), { wrapper: ({ children }) => <MemoryRouter initialEntries={[url]}>{children}</MemoryRouter> }).result;
}

it('goes back by one zoom, or by all of them', () => {
  const page = at('/?last=4h');
  expect(page.current.zoomed).toBe(false);
  act(() => page.current.zoom({ start: 3_600_000, end: 7_200_000 }));
  expect(page.current.search).toBe('?start=1970-01-01T01%3A00%3A00Z&end=1970-01-01T02%3A00%3A00Z');
  act(() => page.current.zoom({ start: 3_600_400, end: 3_600_600 }));
  expect(page.current.search, 'a second at least').toContain('end=1970-01-01T01%3A00%3A01Z');
  act(() => page.current.back());
  expect(page.current.search).toContain('end=1970-01-01T02%3A00%3A00Z');
  act(() => page.current.zoom({ start: 3_700_000, end: 3_800_000 }));
  expect(page.current.zoomed).toBe(true);
  act(() => page.current.reset());
  expect(page.current.search).toBe('?last=4h');
  expect(page.current.zoomed).toBe(false);
});

it('shows twice the time where a link led to a fixed one, and nothing else of what goes on', () => {
  const fixed = at('/?start=1970-01-01T01%3A00%3A00Z&end=1970-01-01T02%3A00%3A00Z');
  act(() => fixed.current.back());
  expect(fixed.current.search).toBe('?start=1970-01-01T00%3A30%3A00Z&end=1970-01-01T02%3A30%3A00Z');
  const last = at('/?last=4h');
  act(() => last.current.back());
  expect(last.current.search).toBe('?last=4h');
});
