// @vitest-environment happy-dom

import { act, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Problem } from '@/api/problem';
import { mostRows } from './buffer';
import { follow, type Listener } from './follow';
import { useTail } from './useTail';

vi.mock('./follow', () => ({ follow: vi.fn(() => Promise.resolve()) }));

const columns = [{ name: 'A', type: 'int' }] as const;
const stream = (): Listener => vi.mocked(follow).mock.lastCall?.[1] ?? expect.fail('nothing is followed');

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(100_000);
});

afterEach(() => vi.useRealTimers());

it('tells when it followed nothing, from what was last heard to the new connection', () => {
  const { result } = renderHook(() => useTail('T', '', '', false));
  act(() => stream().onProblem(new Problem(0, 'x', ''), true, undefined));
  act(() => stream().onOpen(columns));
  expect(result.current.buffer.gaps).toEqual([]);
  act(() => stream().onProblem(new Problem(0, 'x', ''), true, 90_000));
  act(() => stream().onProblem(new Problem(0, 'x', ''), true, undefined));
  vi.setSystemTime(120_000);
  act(() => stream().onOpen(columns));
  expect(result.current.buffer.gaps).toEqual([{ start: 90_000, end: 120_000 }]);
});

it('counts rows that cannot wait any more', () => {
  const { result } = renderHook(() => useTail('T', '', '', true));
  act(() => stream().onOpen(columns));
  act(() => stream().onRows(Array.from({ length: mostRows + 7 }, (_, i) => [i])));
  act(() => void vi.advanceTimersByTime(300));
  expect(result.current.waiting).toBe(mostRows);
  expect(result.current.buffer).toMatchObject({ overflowed: 7, total: 7, rows: [] });
});
