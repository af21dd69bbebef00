import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { endpoint } from './demo.ts';

/** Asks the API beside the page, for what the page must show. */
export async function ask<T>(path: string, query: Record<string, string> = {}): Promise<T> {
  const answer = await fetch(`${inject('url')}${path}?${new URLSearchParams(query)}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

interface Series {
  scope: string;
  values: (number | null)[];
}

/** Waits until requests to the sample endpoint have been measured over a whole minute. */
export async function aMinuteOfRequests(): Promise<void> {
  for (let i = 0; i < 120; i++) {
    const { series } = await ask<{ series: Series[] }>('/api/v1/metrics', { scope: endpoint, metric: 'RequestsPerMinute', interval: 'PT1M', timespan: 'PT10M' });
    if ((series[0]?.values.filter((v) => v !== null).length ?? 0) > 2) return; // the first and the last are parts of a minute
    await sleep(1000);
  }
  throw new Error('no requests are measured');
}

/** The instance of the sample endpoint with the highest median of requests, by the API. */
export async function slowest(): Promise<{ deployment: string; instance: string }> {
  const answer = await ask<{ series: Series[] }>('/api/v1/metrics', { scope: `${endpoint}/*/*`, metric: 'RequestLatency_P50', interval: 'full', timespan: 'PT1H' });
  const [first] = answer.series.toSorted((a, b) => (b.values.at(-1) ?? 0) - (a.values.at(-1) ?? 0));
  const [, deployment, instance] = first?.scope.split('/') ?? [];
  if (deployment === undefined || instance === undefined) throw new Error('the API knows no instance');
  return { deployment, instance };
}
