import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Problem } from '@/api/problem';
import { followStream, type StreamListener } from '@/api/stream';
import { row, secondOf, start, traffic } from './testing';
import type { LiveSecond } from './types';
import { parseLiveView } from './view';
import { Watch } from './Watch';

// Charts have their own tests, and this page has many of them.
vi.mock('./Charts', () => ({ Charts: () => null }));
vi.mock('@/api/stream', () => ({ followStream: vi.fn() }));

// A whole page, on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 });

/** What the page asked, and what a server would tell it. */
let asked: URLSearchParams[];
let listener: StreamListener;

beforeEach(() => {
  vi.useFakeTimers({ now: start, toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
  asked = [];
  vi.mocked(followStream).mockImplementation((_path, params, _quiet, to) => {
    asked.push(params);
    listener = to;
    to.onTry?.();
    return new Promise(() => undefined);
  });
});

afterEach(() => vi.useRealTimers());

const send = (name: string, data: unknown) => act(() => listener.onEvent(name, data));

function show(query = '') {
  const onMistake = vi.fn();
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>
        <MemoryRouter>
          <Watch view={parseLiveView(new URLSearchParams(query))} utc onMistake={onMistake} />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { onMistake };
}

const begin = () => send('watch', { server_time: new Date().toISOString(), histogram_factor: 2 ** (1 / 8) });

const busy: Partial<LiveSecond> = {
  total: row('chat', { traffic: traffic(12, { failures: 3 }), in_flight: 2 }),
  children: [row('chat/blue/a', { traffic: traffic(9) }), row('chat/blue/b', { traffic: traffic(3, { failures: 3 }) })],
  instances: { answered: 2, connected: 2, known: 3, silent: [{ scope: 'chat/blue/c', reason: 'not_connected' }] },
  failing: [{ scope: 'chat/blue/b', time: '2026-11-28T08:00:00.5Z', method: 'POST', path: '/score', status: 503, duration_ms: 12, request_id: '' }],
};

function second(n: number, of: Partial<LiveSecond> = busy) {
  vi.setSystemTime(start + n * 1000 + 1200);
  send('second', secondOf(n, { ...of, failing: (of.failing ?? []).map((f) => ({ ...f, request_id: `r-${n}` })) }));
}

const page = () => document.body.textContent.replaceAll('\u00a0', ' ');
const button = (name: string) => screen.getByRole('button', { name });

it('shows a second as it comes, whom it lacks, and the way to the logs of what failed', () => {
  show('scope=chat/blue&filter=path+sw+%27/%27');
  expect(asked[0]?.toString()).toBe('scope=chat%2Fblue&histograms=rows&filter=path+sw+%27%2F%27');
  expect(screen.getByRole('status', { name: 'Waiting for the first second' })).toBeTruthy();
  begin();
  second(0);
  const now = within(screen.getByRole('region', { name: 'Now' }));
  expect(now.getByText('12/s')).toBeTruthy();
  expect(now.getByText('25 %')).toBeTruthy();
  // Twelve requests have a P50, but neither a P95 nor a P99.
  expect(now.getAllByText(/^≤ 100/)).toHaveLength(2);
  expect(page()).toContain('08:00 came 200 ms after its end');
  expect(page()).toContain('2 of 3 instances answered');
  expect(screen.getByRole('note').textContent).toMatch(/chat\/blue\/c\. It pushes metrics, but has no stream open/);
  const link = screen.getByRole('link', { name: 'logs' }).getAttribute('href') ?? '';
  expect(new URLSearchParams(link.split('?')[1]).get('query')).toContain('XRequestId == "r-0"');
});

it('holds still, collects meanwhile, and says how far behind it is', () => {
  show();
  begin();
  second(0);
  fireEvent.click(button('Pause'));
  second(7, { ...busy, total: row('chat', { traffic: traffic(50) }) });
  expect(page()).toContain('12/s');
  expect(page()).toContain('7 s behind');
  fireEvent.click(button('Go on'));
  expect(page()).not.toContain('behind;');
  expect(page()).toContain('31/s'); // of the two seconds that came
});

it('says that the server stops, keeps what came, and goes on', () => {
  show();
  begin();
  second(0);
  expect(() => listener.onEvent('end', { reason: 'the server stops' })).toThrow(/as soon as it is back/);
  act(() => listener.onProblem(new Problem(0, 'Server not reachable', 'The server does not answer.'), 4000, undefined));
  expect(screen.getByRole('alert').textContent).toContain('Server not reachable');
  expect(page()).toContain('lost: server not reachable');
  expect(page()).toMatch(/tries again in \d s/);
  expect(page()).toContain('12/s');
  begin();
  expect(screen.queryByRole('alert')).toBeNull();
});

it('tells what is wrong with the filter, and asks again when told to', () => {
  const { onMistake } = show('filter=x+eq+1');
  act(() => listener.onProblem(new Problem(400, 'Bad parameter', 'filter: dimension "x" must be one of method'), undefined, undefined));
  expect(onMistake).toHaveBeenCalledWith('filter: dimension "x" must be one of method');
  expect(asked).toHaveLength(1);
  fireEvent.click(button('Try again'));
  expect(asked).toHaveLength(2);
});

it('stops watching when nobody has looked for a while', () => {
  show();
  begin();
  second(0);
  const seen = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
  act(() => void document.dispatchEvent(new Event('visibilitychange')));
  act(() => void vi.advanceTimersByTime(61_000));
  expect(page()).toContain('asleep');
  expect(asked).toHaveLength(1);
  seen.mockReturnValue('visible');
  act(() => void document.dispatchEvent(new Event('visibilitychange')));
  expect(asked).toHaveLength(2);
});

it('says which instances tell of no requests', () => {
  show();
  begin();
  second(0, { ...busy, children: [row('chat/blue/a', { traffic: null })] });
  expect(screen.getByText('no proxy')).toBeTruthy();
});

it.each([
  ['nobody answered', { total: null, children: [], instances: { answered: 0, connected: 0, known: 1, silent: [] } }, 'No instance answered in the last 2 min.'],
  ['nobody has a proxy', { total: row('chat', { traffic: null }) }, 'No instance has a proxy that tells of requests.'],
])('claims nothing of requests where %s', (_, of: Partial<LiveSecond>, why) => {
  show();
  begin();
  second(0, of);
  expect(screen.getByRole('region', { name: 'Failing requests' }).textContent.replaceAll('\u00a0', ' ')).toContain(why);
  expect(screen.getByRole('region', { name: 'Slowest requests' }).textContent.replaceAll('\u00a0', ' ')).toContain(why);
  expect(page()).not.toContain('No request');
  expect(document.querySelector('[title*="no requests in the last"]')).toBeNull();
});

it('says that no request failed where somebody told of them', () => {
  show();
  begin();
  second(0, { total: null });
  second(1, {});
  expect(page()).toContain('No request failed in the last 2 min.');
});

it('keeps the order of instances while somebody points at them', () => {
  show();
  begin();
  second(0);
  const table = screen.getByRole('table', { name: 'Instances' });
  const order = () => within(table).getAllByRole('link').map((a) => a.textContent);
  expect(order()).toEqual(['chat/blue/a', 'chat/blue/b', 'chat/blue/c']);
  fireEvent.pointerEnter(table);
  const turned = { ...busy, children: [row('chat/blue/a', { traffic: traffic(1) }), row('chat/blue/b', { traffic: traffic(90) })] };
  second(1, turned);
  expect(order()).toEqual(['chat/blue/a', 'chat/blue/b', 'chat/blue/c']);
  fireEvent.pointerLeave(table);
  second(2, turned);
  expect(order()).toEqual(['chat/blue/b', 'chat/blue/a', 'chat/blue/c']);
});
