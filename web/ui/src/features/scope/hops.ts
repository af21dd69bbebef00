/** The way of a request through proxy, engine and back, by mean times. */

import type { Hop } from './verdicts';

/**
 * The hops of the mean request. What the proxy saw of the model is divided by what the engine tells of itself: its queue, prefill and
 * decode; the rest is the model server around the engine. An engine that tells nothing is one hop.
 */
export function hopsOf(mean: (metric: string) => number | null): Hop[] {
  const model = mean('ModelLatency');
  const engine: Hop[] = [
    { name: 'the engine queue', mean: mean('ModelQueueTime') },
    { name: 'prefill', mean: mean('ModelPrefillTime') },
    { name: 'decode', mean: mean('ModelDecodeTime') },
  ];
  const known = engine.reduce((sum, h) => sum + (h.mean ?? 0), 0);
  const told = engine.some((h) => h.mean !== null);
  // The engine counts requests when they end and the proxy by its own clock: in a window the parts may exceed the whole.
  const rest: Hop = told ? { name: 'the rest of the model server', mean: model === null ? null : Math.max(0, model - known) } : { name: 'the model', mean: model };
  return [{ name: 'upload', mean: mean('UploadLatency') }, { name: 'the proxy queue', mean: mean('QueueTime') }, ...(told ? engine : []), rest, { name: 'download', mean: mean('DownloadLatency') }];
}
