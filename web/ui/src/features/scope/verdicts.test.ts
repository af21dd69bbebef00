import { describe, expect, it } from 'vitest';
import { nothing, type Reading, type Summary } from './summary';
import { cacheVerdict, differenceVerdict, gpuVerdict, healthVerdict, scaleVerdict, timeVerdict } from './verdicts';

const of = (readings: Record<string, number | Reading>): Summary => (metric) => {
  const r = readings[metric];
  return r === undefined ? nothing : typeof r === 'number' ? { now: r, before: null } : r;
};
const said = (v: { kind: string; text: string }) => `${v.kind}: ${v.text.replace(/\u00a0/g, ' ')}`;

describe('healthVerdict', () => {
  it.each([
    [{}, [], 0, 'none: Nothing was measured of its requests in this time.'],
    [{ RequestsPerMinute: 0 }, [], 0, 'none: No requests in this time.'],
    [{ RequestsPerMinute: 9 }, [{ name: 'slow', severity: 2 }, { name: 'down', severity: 0 }], 0, 'critical: down and 1 more fired.'],
    [{ RequestsPerMinute: 9 }, [{ name: 'slow', severity: 2 }], 3, 'warning: slow fired.'],
    [{ RequestsPerMinute: 9 }, [], 1, 'warning: An instance is silent.'],
    [{ RequestsPerMinute: 9, ErrorRatio: { now: 0.031, before: 0.001 } }, [], 0, 'warning: 3.1 % of the requests failed (before: 0.1 %).'],
    [{ RequestsPerMinute: 9, ErrorRatio: 0.2 }, [], 0, 'critical: 20 % of the requests failed.'],
    [{ RequestsPerMinute: 9, ErrorRatio: 0, RequestLatency_P99: { now: 4100, before: 300 } }, [], 0, 'warning: P99 is 4.1 s, ×14 against the time before.'],
    [
      { RequestsPerMinute: 9, ErrorRatio: 0.001, RequestLatency_P50: 20, RequestLatency_P99: 90 },
      [],
      0,
      'ok: 0.1 % of the requests failed; half of them took less than 20 ms, 99 of 100 less than 90 ms.',
    ],
  ])('%j', (readings, alerts, missing, want) => {
    expect(said(healthVerdict(of(readings as Record<string, number>), alerts, missing))).toBe(want);
  });
});

describe('timeVerdict', () => {
  it('names the hop that takes most, and warns of a queue', () => {
    expect(said(timeVerdict([{ name: 'upload', mean: 10 }, { name: 'the model', mean: 30 }, { name: 'download', mean: null }]))).toBe('info: 75 % of the mean request is the model: 30 ms of 40 ms.');
    expect(timeVerdict([{ name: 'the engine queue', mean: 30 }, { name: 'the model', mean: 10 }]).kind).toBe('warning');
    expect(timeVerdict([{ name: 'upload', mean: null }]).kind).toBe('none');
  });
});

describe('scaleVerdict', () => {
  it.each([
    [{}, 'none: The model server tells nothing of its queue.'],
    [{ QueueShare: 0.4, ModelRequestsWaiting: 12 }, 'warning: 40 % of the time in the engine is waiting; 12 requests wait on average: more instances would help.'],
    [{ QueueShare: 0.2 }, 'info: 20 % of the time in the engine is waiting: near its capacity.'],
    [{ QueueShare: 0.01 }, 'ok: 1 % of the time in the engine is waiting: faster answers need a faster model, not more instances.'],
  ])('%j', (readings, want) => {
    expect(said(scaleVerdict(of(readings as Record<string, number>)))).toBe(want);
  });
});

describe('gpuVerdict', () => {
  it.each([
    [{}, 'none: No GPU was seen.'],
    [{ GpuUtilizationPercentage: 97, GpuSmActivity: 8 }, 'warning: Busy 97 % of the time, yet 8 % of its units work: small batches, or waiting for data.'],
    [{ GpuUtilizationPercentage: 97, GpuThrottleRatio: 0.3 }, 'warning: Its clocks were held back for 30 % of the time.'],
    [{ GpuUtilizationPercentage: 60 }, 'info: Busy 60 % of the time.'],
    [{ GpuSmActivity: 60, GpuDramActivity: 20 }, 'info: 60 % of its units work, its memory is moving data 20 % of the time.'],
  ])('%j', (readings, want) => {
    expect(said(gpuVerdict(of(readings as Record<string, number>)))).toBe(want);
  });
});

it('says what the cache does', () => {
  expect(said(cacheVerdict(of({ PrefixCacheHitRatio: 0.4, CacheUtilization: 97 })))).toBe('warning: 40 % of what was looked up was there; it is 97 % full.');
  expect(said(cacheVerdict(of({ CacheUtilization: 50 })))).toBe('info: It is 50 % full.');
  expect(cacheVerdict(of({})).kind).toBe('none');
});

describe('differenceVerdict', () => {
  const sister = (name: string, p99: number | null, errors: number | null = 0) => ({ name, p99, errors });

  it.each([
    [[sister('a', 1)], 'none: There is only one instance.'],
    [[sister('a', 300), sister('b', 4100), sister('c', 310)], 'critical: b is slower: P99 4.1 s, the others 305 ms.'],
    [[sister('a', 300), sister('b', 310)], 'ok: All 2 instances are alike.'],
    [[sister('a', 300, 0.4), sister('b', 310)], 'critical: a fails more: 40 % of its requests, the others 0 %.'],
    [[sister('a', 0.1, 0.005), sister('b', 0.01)], 'ok: All 2 instances are alike.'],
    [[sister('a', null), sister('b', null)], 'none: No request was measured in this time.'],
    [[sister('a', null), sister('b', 100)], 'ok: All 2 instances are alike.'],
  ])('%#', (sisters, want) => {
    expect(said(differenceVerdict(sisters, 'instance'))).toBe(want);
  });
});
