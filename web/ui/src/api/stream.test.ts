// @vitest-environment happy-dom

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { followStream } from './stream';

let control: AbortController;
let problems: [string, number | undefined, number | undefined][];
let events: unknown[];

beforeEach(() => {
  control = new AbortController();
  problems = [];
  events = [];
  vi.useFakeTimers();
  vi.setSystemTime(0);
});

afterEach(() => {
  control.abort();
  vi.useRealTimers();
});

/** A connection on which the test writes. */
function connection() {
  let out: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>({ start: (c) => void (out = c) });
  return { response: new Response(stream), write: (text: string) => out?.enqueue(new TextEncoder().encode(text)) };
}

const start = (quiet: number) =>
  followStream('/x', new URLSearchParams(), quiet, { onEvent: (_, data) => events.push(data), onProblem: (p, next, heard) => problems.push([p.title, next, heard]) }, control.signal);

it('ends a connection on which nothing comes, and tries again', async () => {
  const [first, second] = [connection(), connection()];
  const fetcher = vi.spyOn(globalThis, 'fetch').mockResolvedValueOnce(first.response).mockResolvedValueOnce(second.response);
  void start(10_000);
  await vi.advanceTimersByTimeAsync(1000);
  first.write('data: 1\n\n');
  await vi.advanceTimersByTimeAsync(8000);
  first.write(': still here\n\n');
  await vi.advanceTimersByTimeAsync(9900);
  expect(problems).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(problems).toEqual([['Connection is silent', 1000, 9000]]);
  expect(fetcher.mock.calls[0]?.[1]?.signal?.aborted).toBe(true);
  await vi.advanceTimersByTimeAsync(1000);
  second.write('data: 2\n\n');
  await vi.advanceTimersByTimeAsync(100);
  expect(events).toEqual([1, 2]);
  expect(fetcher).toHaveBeenCalledTimes(2);
});

it('gives up on an answer that does not begin', async () => {
  vi.spyOn(globalThis, 'fetch').mockImplementation(() => new Promise(() => undefined));
  void start(10_000);
  await vi.advanceTimersByTimeAsync(59_000);
  expect(problems).toEqual([]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(problems).toEqual([['Connection is silent', 1000, undefined]]);
});
