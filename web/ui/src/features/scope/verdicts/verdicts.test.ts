import { describe, expect, it } from 'vitest';
import type { Member } from '../family';
import type { Hop } from '../hops';
import { nothing, type Summary } from '../summary';
import { cacheVerdict, generateVerdict, gpuVerdict } from './model';
import { resourcesVerdict } from './resources';
import { scaleVerdict, timeVerdict } from './time';

const of =
  (readings: Record<string, number>): Summary =>
  (metric) =>
    readings[metric] === undefined ? nothing : { now: readings[metric], before: null };
const said = (v: { kind: string; text: string }) => `${v.kind}: ${v.text.replace(/\u00a0/g, ' ')}`;
const way = (hops: Record<string, number | null>, requests: number | null = 100) => ({ hops: Object.entries(hops).map(([name, mean]): Hop => ({ name, mean })), requests });

describe('timeVerdict', () => {
  it.each([
    [way({ upload: 10, 'the model': 30, download: null }), 'info: 75 % of the mean request is the model: 30 ms of 40 ms.'],
    [way({ 'the engine queue': 30, 'the model': 10 }), 'warning: 75 % of the mean request is the engine queue: 30 ms of 40 ms.'],
    [way({}, null), 'none: Neither a proxy nor a model server told how long requests take.'],
    [way({ 'the model': 30 }, 3), 'none: Only 3 requests in this time: too few to judge.'],
    [way({ upload: null }), 'none: No request was measured in this time.'],
  ])('%j', (w, want) => {
    expect(said(timeVerdict(w))).toBe(want);
  });
});

describe('scaleVerdict', () => {
  it.each([
    [way({}, null), {}, 'none: Nothing tells of a queue here: neither a proxy nor a model server.'],
    [way({ 'the proxy queue': 0, 'the model': 30 }, 3), {}, 'none: Only 3 requests in this time: too few to judge.'],
    [way({ 'the engine queue': 40, 'the model': 60 }), { ModelRequestsWaiting: 12 }, 'warning: Requests wait 40 ms for 60 ms of work (40 %); 12 in the line on average; more instances would help.'],
    [way({ 'the proxy queue': 20, 'the model': 80, download: 500 }), {}, 'info: Requests wait 20 ms for 80 ms of work (20 %); near its capacity.'],
    [way({ 'the proxy queue': 0, 'the model': 30 }), {}, 'ok: Requests do not wait; faster answers need a faster model, not more instances.'],
    [way({ 'the engine queue': 2, prefill: null, 'the rest of the model server': 998 }), {}, 'ok: Requests wait 2 ms for 998 ms of work (0.2 %); faster answers need a faster model, not more instances.'],
    [way({ 'the proxy queue': null, 'the model': 30 }), { ModelRequestsWaiting: 12 }, 'warning: 12 in the line on average, for how long is not known.'],
    [way({}, null), { ModelRequestsWaiting: 0.4 }, 'info: 0.4 in the line on average, for how long is not known.'],
    [way({ 'the model': 30 }), { ModelRequestsWaiting: 0, CpuUtilizationPercentage: 97 }, 'info: No request in the line on average; but its CPUs are 97 % busy, and more of them may make it faster.'],
    [way({ 'the proxy queue': 0, 'the model': 30 }), { CpuUtilizationPercentage: 97 }, 'info: Requests do not wait; but its CPUs are 97 % busy, and more of them may make it faster.'],
  ])('%j %j', (w, readings, want) => {
    expect(said(scaleVerdict(w, of(readings as Record<string, number>)))).toBe(want);
  });
});

describe('gpuVerdict', () => {
  it.each([
    [{}, 'none: No agent told of a GPU here in this time.'],
    [{ GpuUtilizationPercentage: 97, GpuSmActivity: 8 }, 'warning: Busy 97 % of the time, yet 8 % of its units work: small batches, or waiting for data.'],
    [{ GpuUtilizationPercentage: 97, GpuThrottleRatio: 0.3 }, 'warning: Its clocks were held back for up to 30 % of the time: see the reasons below.'],
    [{ GpuUtilizationPercentage: 97, GpuThrottleRatio: 1.4 }, 'warning: Its clocks were held back for up to 100 % of the time: see the reasons below.'],
    [{ GpuUtilizationPercentage: 60 }, 'info: Busy 60 % of the time; this GPU does not tell how many of its units work.'],
    [{ GpuUtilizationPercentage: 0.4, GpuSmActivity: 0.1 }, 'info: It was nearly idle: 0.4 % of the time busy.'],
    [{ GpuUtilizationPercentage: 60, GpuSmActivity: 50, GpuHours: 2, IdleGpuHours: 0.5 }, 'info: 50 % of its multiprocessors work; GPU_UTIL says 60 %; 25 % of its GPU time was idle.'],
    [{ GpuSmActivity: 60, GpuDramActivity: 20 }, 'info: 60 % of its multiprocessors work; its memory moves 20 % of what it could.'],
  ])('%j', (readings, want) => {
    expect(said(gpuVerdict(of(readings as Record<string, number>)))).toBe(want);
  });
});

it('says what the cache does', () => {
  expect(said(cacheVerdict(of({ PrefixCacheHitRatio: 0.4, CacheUtilization: 97 })))).toBe('warning: 40 % of what was looked up was there; it is 97 % full.');
  expect(said(cacheVerdict(of({ CacheUtilization: 50 })))).toBe('info: It is 50 % full.');
  expect(said(cacheVerdict(of({ CacheUtilization: 50, ModelPreemptions: 3 })))).toBe('warning: 3 requests had to be put back for want of cache; it is 50 % full.');
  expect(cacheVerdict(of({})).kind).toBe('none');
});

it('says how fast it generates', () => {
  expect(generateVerdict(of({})).kind).toBe('none');
  expect(said(generateVerdict(of({ TimeToFirstToken_P50: 24, TimeToFirstToken_P99: 205, InterTokenLatency_P50: 2.4, TokensPerSecond: 169 })))).toBe(
    'info: Half of the answers begin within 24 ms, 99 of 100 within 205 ms; then a token every 2.4 ms; 169/s tokens are read and written.',
  );
});

describe('resourcesVerdict', () => {
  const member = (scope: string, readings: Record<string, number>): Member => ({ scope, name: scope.split('/').at(-1) ?? '', parent: '', requests: null, readings: of(readings) });
  const all = [member('e/d/a', { CpuUtilizationPercentage: 40, DiskUtilization: 93 }), member('e/d/b', { CpuUtilizationPercentage: 70 })];
  it.each([
    [all, 'e', 'warning: The disks of a are 93 % used on average.'],
    [all, 'e/d/b', 'ok: The CPU is 70 % busy on average, which is the scarcest.'],
    [[], 'e', 'none: No agent told of CPU, memory or disks here in this time.'],
  ])('%#', (members, scope, want) => {
    expect(said(resourcesVerdict(members, scope))).toBe(want);
  });
});
