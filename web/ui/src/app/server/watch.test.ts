// @vitest-environment happy-dom

import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem, unreachable } from '@/api/problem';
import { readReady, ServerWatch } from './watch';

describe('readReady', () => {
  const problem = { title: 'Server is starting', state: 'replaying the write-ahead log', replay: { first: 4, current: 6, last: 7 } };
  it.each([
    ['its progress', 503, JSON.stringify(problem), { state: 'replaying the write-ahead log', done: 0.5 }],
    ['no progress before it counts', 503, JSON.stringify({ ...problem, replay: { first: 0, current: 0, last: 0 } }), { state: 'replaying the write-ahead log' }],
    ['a store without segments', 503, JSON.stringify({ title: 'Server is starting', detail: 'the log store is being opened' }), { state: 'the log store is being opened' }],
    ["a proxy's page", 503, '<html>', undefined],
    ['another status', 502, JSON.stringify(problem), undefined],
  ])('reads %s', (_, status, text, want) => expect(readReady(status, text)).toEqual(want));
});

describe('ServerWatch', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('says that the server is away, that it starts, and asks everything anew once it is ready', async () => {
    const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
    const watch = new ServerWatch(client);
    const stop = watch.start();
    let fails = false;
    let ready = new Response('', { status: 200 });
    vi.stubGlobal('fetch', () => (fails ? Promise.reject(new TypeError('no')) : Promise.resolve(ready.clone())));
    const asked = vi.fn(() => (fails ? Promise.reject(unreachable(new TypeError('no'))) : Promise.resolve(1)));
    const end = new QueryObserver(client, { queryKey: ['a'], queryFn: asked }).subscribe(() => undefined);
    await vi.advanceTimersByTimeAsync(10);
    const answered = Date.now();
    expect(watch.read()).toEqual({ is: 'there' });

    fails = true;
    await vi.advanceTimersByTimeAsync(5000);
    await client.invalidateQueries();
    await vi.advanceTimersByTimeAsync(10);
    expect(watch.read()).toMatchObject({ is: 'away' });
    expect((watch.read() as { dataFrom: number }).dataFrom).toBeLessThanOrEqual(answered);

    fails = false;
    ready = Response.json({ state: 'replaying' }, { status: 503 });
    await vi.advanceTimersByTimeAsync(4000);
    expect(watch.read()).toEqual({ is: 'starting', progress: { state: 'replaying' } });

    ready = new Response('', { status: 200 });
    const before = asked.mock.calls.length;
    await vi.advanceTimersByTimeAsync(2000);
    expect(watch.read()).toEqual({ is: 'there' });
    expect(asked.mock.calls.length).toBe(before + 1);
    end();
    stop();
  });

  it('does not take a refused question for a lost server', async () => {
    const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
    const watch = new ServerWatch(client);
    const stop = watch.start();
    await client.query({ queryKey: ['b'], queryFn: () => Promise.reject(new Problem(422, 'Too much', '')) }).catch(() => undefined);
    expect(watch.read()).toEqual({ is: 'there' });
    stop();
  });
});
