/** The way of a request through proxy, engine and back, as parts of the mean time of all requests. */

/** A part of the way of a request: its time in milliseconds, spread over all requests of the scope. */
export interface Hop {
  name: string;
  mean: number | null;
}

/** What the hops are computed from: the mean of each and of how many. An engine counts other requests than the proxy before it. */
export const hopMetrics = ['RequestLatency', 'UploadLatency', 'QueueTime', 'ModelLatency', 'DownloadLatency', 'TimeToFirstToken', 'ModelRequestLatency', 'ModelQueueTime', 'ModelPrefillTime', 'ModelDecodeTime'];

export interface Measured {
  mean: number | null;
  count: number | null;
}

export interface Way {
  hops: Hop[];
  /** How many requests it is the mean of; null where nobody counted. */
  requests: number | null;
}

/**
 * The hops of the mean request. The proxy measures upload, its queue, the wait for the model's first byte and the download; together
 * they are the whole. What the engine tells of itself divides the wait, and its decoding that of the download which streams. Each part
 * is all of its time over all requests: an engine that saw one of ten requests takes a tenth of its mean. Without a proxy the engine's
 * own time is the whole.
 */
export function wayOf(measured: (metric: string) => Measured): Way {
  const proxied = measured('RequestLatency').count;
  const engine = measured('ModelRequestLatency').count ?? Math.max(0, ...['ModelQueueTime', 'ModelPrefillTime', 'ModelDecodeTime'].map((m) => measured(m).count ?? 0));
  const requests = proxied !== null && proxied > 0 ? proxied : engine;
  const each = (metric: string): number | null => {
    const { mean, count } = measured(metric);
    if (requests === 0) return null;
    return mean === null || count === null ? null : (mean * count) / requests;
  };
  const [queue, prefill, decode] = [each('ModelQueueTime'), each('ModelPrefillTime'), each('ModelDecodeTime')];
  const told = queue !== null || prefill !== null || decode !== null;
  if (proxied === null || proxied === 0) {
    const whole = each('ModelRequestLatency');
    if (!told) return whole === null ? { hops: [], requests: null } : { hops: [{ name: model, mean: whole }], requests };
    const rest = whole === null ? null : Math.max(0, whole - (queue ?? 0) - (prefill ?? 0) - (decode ?? 0));
    return { hops: [{ name: engineQueue, mean: queue }, { name: 'prefill', mean: prefill }, { name: 'decode', mean: decode }, { name: remainder, mean: rest }], requests };
  }
  const [wait, down] = [each('ModelLatency'), each('DownloadLatency')];
  const ends: Hop[] = [{ name: 'upload', mean: each('UploadLatency') }, { name: proxyQueue, mean: each('QueueTime') }];
  // An engine that counted clearly more than the proxy worked for others, too: its time is not that of the proxied requests.
  if (!told || engine > mostOfEngine * proxied) return { hops: [...ends, { name: model, mean: wait }, { name: 'download', mean: down }], requests };
  // Decoding of streamed answers is while they are sent, that of others before their first byte.
  const streamed = engine === 0 ? 0 : Math.min(1, (measured('TimeToFirstToken').count ?? 0) / engine);
  const sending = Math.min((decode ?? 0) * streamed, down ?? 0);
  // The engine counts requests when they end and by its own clock: in a window its parts may exceed the whole.
  const before = (queue ?? 0) + (prefill ?? 0);
  const shrink = wait === null || before <= wait || before === 0 ? 1 : wait / before;
  const inner = wait === null ? 0 : Math.max(0, wait - before * shrink);
  const waiting = Math.min(Math.max(0, (decode ?? 0) - sending), inner);
  const scaled = (v: number | null) => (v === null ? null : v * shrink);
  return {
    hops: [
      ...ends,
      { name: engineQueue, mean: scaled(queue) },
      { name: 'prefill', mean: scaled(prefill) },
      { name: 'decode', mean: decode === null ? null : sending + waiting },
      { name: remainder, mean: wait === null ? null : inner - waiting },
      { name: 'download', mean: down === null ? null : down - sending },
    ],
    requests,
  };
}

/** How many times the proxy's requests an engine may count: it sees them end by its own clock. */
const mostOfEngine = 1.5;

const model = 'the model';
const remainder = 'the rest of the model server';
export const engineQueue = 'the engine queue';
export const proxyQueue = 'the proxy queue';

/** Hops in which a request waits for its turn. */
export function isQueue(hop: Hop): boolean {
  return hop.name === engineQueue || hop.name === proxyQueue;
}
