import { expect, it } from 'vitest';
import { withSecond, type Buffer } from './buffer';
import { failureShare, figuresOf, missingSeconds } from './figures';
import { instanceRows, omittedInstances } from './instances';
import { failingOf, failuresOf, requestLogs, slowestOf } from './requests';
import { row, secondOf, start, traffic } from './testing';
import type { LiveRequest, LiveSecond } from './types';

const factor = 2 ** (1 / 8);
const held = (events: Record<number, Partial<LiveSecond>>): Buffer => Object.entries(events).reduce<Buffer>((b, [n, e]) => withSecond(b, secondOf(Number(n), e), start), []);
const end = start + 10_000;

it('is per second of those that came, not of those that did not', () => {
  const busy = { total: row('chat', { traffic: traffic(10, { failures: 1 }), in_flight: 3, cpu: { mean: 0.5, max: 0.9 } }) };
  const f = figuresOf(held({ 2: busy, 7: busy, 9: busy }), end, 5000, factor);
  expect(f).toMatchObject({ seconds: 2, requests: 20, failures: 2, rate: 10, inFlight: 3, cpu: 0.5, memory: null, longest: 0.1, outputTokens: null, last: start + 9000 });
  expect(f.duration.p95).not.toBeNull();
  expect(f.duration.p99).toBeNull();
  expect(failureShare(f)).toBeCloseTo(0.1);
});

it('has no numbers where nothing is told', () => {
  const none = figuresOf([], end, 5000, factor);
  expect(none).toMatchObject({ rate: null, requests: null, longest: null, cpu: null });
  expect(failureShare(none)).toBeNull();
  const quiet = figuresOf(held({ 9: { total: row('chat', { traffic: traffic(0) }) } }), end, 5000, factor);
  expect(quiet).toMatchObject({ rate: 0, requests: 0, longest: null });
  expect(failureShare(quiet)).toBeNull();
});

it('counts the seconds that did not come, from the first that did on', () => {
  expect(missingSeconds(held({ 2: {}, 3: {}, 9: {} }), end, 60_000)).toBe(5);
  expect(missingSeconds(held({ 2: {}, 3: {}, 9: {} }), end, 4000)).toBe(3);
  expect(missingSeconds(held({ 8: {}, 9: {} }), end, 60_000)).toBe(0);
  expect(missingSeconds([], end, 60_000)).toBe(0);
});

it('says of instances whether they answer, and why they do not', () => {
  const silent = (reason: 'late' | 'not_connected' | 'missing') => ({ scope: 'chat/blue/b', reason });
  const a = row('chat/blue/a');
  const with_ = (...list: ReturnType<typeof silent>[]): Partial<LiveSecond> => ({ children: [a], instances: { answered: 1, connected: 1, known: 2, silent: list } });
  const of = (events: Record<number, Partial<LiveSecond>>) => instanceRows(held(events), end, 10_000, factor).map((r) => [r.name, r.silent, r.late, r.figures.rate]);
  expect(of({ 8: with_(silent('not_connected')), 9: with_(silent('not_connected')) })).toEqual([
    ['a', undefined, 0, 1],
    ['b', 'not_connected', 0, null],
  ]);
  // Late now and then is not silent.
  expect(of({ 8: { children: [a, row('chat/blue/b')] }, 9: with_(silent('late')) })[1]).toEqual(['b', undefined, 1, 1]);
  // It left.
  expect(of({ 3: { children: [a, row('chat/blue/b')] }, 9: with_(silent('missing')) })[1]).toEqual(['b', 'missing', 0, 1]);
});

it('says how many instances are not named', () => {
  const event = secondOf(9, { children_omitted: 1, by_instance: [], by_instance_omitted: 4, instances: { answered: 1, connected: 1, known: 9, silent: [], silent_omitted: 2 } });
  expect(omittedInstances([{ at: start, event, delay: 0 }])).toBe(6);
  expect(omittedInstances([])).toBe(0);
});

const request = (id: string, ms: number): LiveRequest => ({ scope: 'chat/blue/a', time: '2026-11-28T08:00:01.5Z', method: 'POST', path: '/score', status: 503, duration_ms: ms, request_id: id });

it('shows the newest failures first, and the longest requests first', () => {
  const buffer = held({
    1: { failing: [request('too old', 1)] },
    8: { failing: [request('a', 1), request('b', 2)], slowest: [request('s', 10)], total: row('chat', { traffic: traffic(9, { failures: 7 }) }) },
    9: { failing: [request('c', 3)], slowest: [request('t', 30), request('u', 5)] },
  });
  expect(failingOf(buffer, end, 5000).map((s) => s.request.request_id)).toEqual(['c', 'b', 'a']);
  expect(slowestOf(buffer, end, 5000).map((s) => s.request.request_id)).toEqual(['t', 's', 'u']);
  expect(failuresOf(buffer, end, 5000)).toBe(7);
});

it('leads from a request to its rows, around its time', () => {
  const [sampled] = failingOf(held({ 9: { failing: [request('an "id"', 1000)] } }), end, 5000);
  const link = sampled === undefined ? undefined : requestLogs(sampled);
  expect(link?.to).toBe('/logs');
  expect(link?.params.query).toContain('XRequestId == "an \\"id\\""');
  expect([link?.params.start, link?.params.end]).toEqual(['2026-11-28T07:55:01.500Z', '2026-11-28T08:05:02.500Z']);
  expect(requestLogs({ key: '', at: start, request: request('', 1) })).toBeUndefined();
});
