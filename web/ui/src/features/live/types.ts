/** Names for what the stream of the Live view tells. */

import type { components } from '@/api/schema';

type Schemas = components['schemas'];

export type LiveSecond = Schemas['LiveSecond'];
export type LiveRow = Schemas['LiveRow'];
export type LiveTraffic = NonNullable<LiveRow['traffic']>;
export type LiveRequest = Schemas['LiveRequest'];
export type SilentReason = LiveSecond['instances']['silent'][number]['reason'];

/** What is watched. */
export interface LiveQuestion {
  scope: string;
  filter: string;
  /** The shortest duration of requests that count, such as 500ms; empty for all. */
  least: string;
}

/** The first event of a stream. */
export interface WatchEvent {
  server_time: string;
  histogram_factor: number;
}
