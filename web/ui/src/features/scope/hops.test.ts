import { expect, it } from 'vitest';
import { hopsOf } from './hops';

const of = (readings: Record<string, number>) => hopsOf((m) => readings[m] ?? null);
const means = (readings: Record<string, number>) => Object.fromEntries(of(readings).map((h) => [h.name, h.mean]));

it('takes a model that tells nothing of itself as one hop', () => {
  expect(means({ UploadLatency: 1, ModelLatency: 40 })).toEqual({ upload: 1, 'the proxy queue': null, 'the model': 40, download: null });
});

it('divides the model by what its engine tells', () => {
  expect(means({ ModelLatency: 40, ModelQueueTime: 25, ModelDecodeTime: 10 })).toMatchObject({ 'the engine queue': 25, prefill: null, decode: 10, 'the rest of the model server': 5 });
});

it('has no negative rest where the engine counts other requests than the proxy', () => {
  expect(means({ ModelLatency: 20, ModelQueueTime: 25 })['the rest of the model server']).toBe(0);
});
