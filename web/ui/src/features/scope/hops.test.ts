import { describe, expect, it } from 'vitest';
import { wayOf } from './hops';

const way = (given: Record<string, [number, number]>) => wayOf((m) => ({ mean: given[m]?.[0] ?? null, count: given[m]?.[1] ?? null }));
const means = (given: Record<string, [number, number]>) => Object.fromEntries(way(given).hops.map((h) => [h.name, h.mean === null ? null : Math.round(h.mean * 1000) / 1000]));
const total = (given: Record<string, [number, number]>) => way(given).hops.reduce((sum, h) => sum + (h.mean ?? 0), 0);

describe('wayOf', () => {
  it('takes a model that tells nothing of itself as one hop', () => {
    expect(means({ RequestLatency: [42, 10], UploadLatency: [1, 10], ModelLatency: [40, 10], DownloadLatency: [1, 10] })).toEqual({ upload: 1, 'the proxy queue': null, 'the model': 40, download: 1 });
  });

  it('spreads what the engine saw over all requests', () => {
    // Of 100 requests the engine saw ten: its 200 ms are 20 ms of the mean request.
    const given: Record<string, [number, number]> = { RequestLatency: [60, 100], ModelLatency: [50, 100], DownloadLatency: [10, 100], ModelRequestLatency: [210, 10], ModelPrefillTime: [200, 10], ModelQueueTime: [10, 10] };
    expect(means(given)).toMatchObject({ 'the engine queue': 1, prefill: 20, decode: null, 'the rest of the model server': 29, download: 10 });
    expect(total(given)).toBeCloseTo(60);
    expect(way(given).requests).toBe(100);
  });

  it('has decoding of streamed answers in the download', () => {
    const given: Record<string, [number, number]> = { RequestLatency: [131, 10], UploadLatency: [1, 10], ModelLatency: [30, 10], DownloadLatency: [100, 10], TimeToFirstToken: [30, 10], ModelRequestLatency: [125, 10], ModelPrefillTime: [25, 10], ModelDecodeTime: [95, 10] };
    expect(means(given)).toMatchObject({ prefill: 25, decode: 95, 'the rest of the model server': 5, download: 5 });
    expect(total(given)).toBeCloseTo(131);
  });

  it('has decoding of whole answers before their first byte', () => {
    const given: Record<string, [number, number]> = { RequestLatency: [131, 10], ModelLatency: [130, 10], DownloadLatency: [1, 10], ModelRequestLatency: [125, 10], ModelPrefillTime: [25, 10], ModelDecodeTime: [95, 10] };
    expect(means(given)).toMatchObject({ prefill: 25, decode: 95, 'the rest of the model server': 10, download: 1 });
  });

  it('is never more than the whole where the engine tells more', () => {
    const given: Record<string, [number, number]> = { RequestLatency: [21, 10], ModelLatency: [20, 10], DownloadLatency: [1, 10], ModelRequestLatency: [60, 10], ModelQueueTime: [25, 10], ModelPrefillTime: [15, 10], ModelDecodeTime: [20, 10] };
    expect(means(given)).toMatchObject({ 'the engine queue': 12.5, prefill: 7.5, decode: 0, 'the rest of the model server': 0 });
    expect(total(given)).toBeCloseTo(21);
  });

  it('takes the engine alone where there is no proxy', () => {
    expect(means({ ModelRequestLatency: [30, 4], ModelQueueTime: [10, 4], ModelPrefillTime: [5, 4], ModelDecodeTime: [15, 4] })).toEqual({ 'the engine queue': 10, prefill: 5, decode: 15, 'the rest of the model server': 0 });
  });

  it('has what the engine does not split as the rest of it', () => {
    expect(means({ ModelRequestLatency: [1000, 50], ModelQueueTime: [2, 50] })).toEqual({ 'the engine queue': 2, prefill: null, decode: null, 'the rest of the model server': 998 });
    expect(means({ ModelRequestLatency: [1000, 50], ModelQueueTime: [20, 50], ModelPrefillTime: [60, 25] })).toEqual({ 'the engine queue': 20, prefill: 30, decode: null, 'the rest of the model server': 950 });
    expect(means({ ModelQueueTime: [10, 4], ModelPrefillTime: [5, 4] })).toMatchObject({ 'the rest of the model server': null });
    expect(way({ ModelRequestLatency: [1000, 50] })).toEqual({ hops: [{ name: 'the model', mean: 1000 }], requests: 50 });
  });

  it('does not divide the wait of some by what an engine did for more', () => {
    const given: Record<string, [number, number]> = { RequestLatency: [200, 100], ModelLatency: [199, 100], DownloadLatency: [1, 100], ModelRequestLatency: [2000, 300], ModelPrefillTime: [1900, 300] };
    expect(means(given)).toEqual({ upload: null, 'the proxy queue': null, 'the model': 199, download: 1 });
    expect(means({ ...given, ModelRequestLatency: [150, 120], ModelPrefillTime: [100, 120] })).toMatchObject({ prefill: 120, 'the rest of the model server': 79 });
  });

  it('has nothing where nothing was measured', () => {
    expect(way({})).toEqual({ hops: [], requests: null });
    expect(way({ RequestLatency: [0, 0] }).hops.every((h) => h.mean === null)).toBe(true);
  });
});
