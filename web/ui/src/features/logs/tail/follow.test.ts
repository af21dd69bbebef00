// @vitest-environment happy-dom

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Problem } from '@/api/problem';
import { follow, type Listener } from './follow';

const streamed = (text: string) => new Response(text, { headers: { 'Content-Type': 'text/event-stream' } });
const table = 'event: table\ndata: {"columns":[{"name":"A","type":"int"}]}\n\n';

let control: AbortController;
let seen: unknown[];
const listener: Listener = {
  onOpen: (columns) => seen.push(['open', columns.map((c) => c.name)]),
  onRows: (rows) => seen.push(['rows', rows]),
  onDropped: (rows) => seen.push(['dropped', rows]),
  onProblem: (problem: Problem, again) => seen.push(['problem', problem.title, again]),
};

beforeEach(() => {
  control = new AbortController();
  seen = [];
  vi.useFakeTimers();
});

afterEach(() => {
  control.abort();
  vi.useRealTimers();
});

it('reads rows and begins again where the stream ends', async () => {
  const fetcher = vi
    .spyOn(globalThis, 'fetch')
    .mockImplementation(() => new Promise(() => undefined))
    .mockResolvedValueOnce(streamed(`${table}event: rows\ndata: [[1],[2]]\n\nevent: dropped\ndata: {"rows":7}\n\n`))
    .mockRejectedValueOnce(new TypeError('network'))
    .mockResolvedValueOnce(streamed(table));
  void follow({ table: 'T', scope: 'fraud', filter: 'A > 1' }, listener, control.signal);
  await vi.advanceTimersByTimeAsync(500);
  expect(seen).toEqual([
    ['open', ['A']],
    ['rows', [[1], [2]]],
    ['dropped', 7],
    ['problem', 'Stream ended', true],
  ]);
  expect(fetcher.mock.calls[0]?.[0]).toMatch(/\/api\/v1\/logs\/tail\?table=T&scope=fraud&filter=A\+%3E\+1$/);
  await vi.advanceTimersByTimeAsync(4000);
  expect(seen.slice(4, 6)).toEqual([
    ['problem', 'Server not reachable', true],
    ['open', ['A']],
  ]);
});

it('ends where the server refuses the question', async () => {
  const fetcher = vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('{"title":"The query means nothing","detail":"no Foo","line":1,"column":1}', { status: 400 }));
  await follow({ table: 'T', scope: '', filter: 'Foo' }, listener, control.signal);
  expect(seen).toEqual([['problem', 'The query means nothing', false]]);
  expect(fetcher).toHaveBeenCalledOnce();
});

it('ends with a condition that fails on a row', async () => {
  vi.spyOn(globalThis, 'fetch').mockResolvedValue(streamed(`${table}event: problem\ndata: {"status":400,"title":"The query means nothing"}\n\n`));
  await follow({ table: 'T', scope: '', filter: 'A' }, listener, control.signal);
  expect(seen.at(-1)).toEqual(['problem', 'The query means nothing', false]);
});

it('ends without a word when nobody follows any more', async () => {
  vi.spyOn(globalThis, 'fetch').mockImplementation((_url, init) => new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(new DOMException('gone', 'AbortError')))));
  const done = follow({ table: 'T', scope: '', filter: '' }, listener, control.signal);
  control.abort();
  await done;
  expect(seen).toEqual([]);
});
