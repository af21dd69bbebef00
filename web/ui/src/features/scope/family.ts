/** What is known of everything below a scope, or beside it: one value of each metric over the page's time. */

import { useMetrics } from '@/api/hooks';
import type { MetricsAnswer, Scope } from '@/api/types';
import { levelOf, scopeName, scopeParts } from '@/lib/scope';
import type { PageView } from '@/lib/urlstate';
import { meanRate } from '@/lib/rates';
import { nothing, summaryOf, type Reading, type Summary } from './summary';

/** A question has at most 20 metrics. */
export const familyMetrics = [
  'RequestsPerMinute',
  'ErrorRatio',
  'RequestLatency_P99',
  'RequestLatency_P50',
  'UploadLatency',
  'QueueTime',
  'ModelLatency',
  'DownloadLatency',
  'ModelQueueTime',
  'ModelPrefillTime',
  'ModelDecodeTime',
  'CpuUtilizationPercentage',
  'CpuMemoryUtilizationPercentage',
  'DiskUtilization',
  'GpuUtilizationPercentage',
  'GpuMemoryUtilizationPercentage',
  'GpuTemperature',
  'GpuClock',
  'GpuThrottleRatio',
  'InstanceRestarts',
];

export interface Member {
  scope: string;
  name: string;
  /** The deployment of an instance, the endpoint of a deployment. */
  parent: string;
  readings: Summary;
  /** Requests of the whole time. */
  requests: number | null;
}

/** The instances that a page speaks of: those below an endpoint or a deployment, and those beside an instance, itself among them. */
export function instancesOf(scope: string): string {
  const [endpoint = '', deployment = '*'] = scopeParts(scope);
  return `${endpoint}/${deployment}/*`;
}

/** What the page's table has rows of: deployments of an endpoint, otherwise instances. */
export function rowsOf(scope: string): string {
  return levelOf(scope) === 'endpoint' ? `${scope}/*` : instancesOf(scope);
}

export function useFamily(scope: string, view: PageView) {
  return useMetrics({ scope: [...new Set([rowsOf(scope), instancesOf(scope)])], metric: familyMetrics, interval: 'full', compare: view.compare || 'previous' }, view);
}

/** Latency and requests over time of the table's rows: for their sparklines, and for how much of the time is known. */
export function useTrends(scope: string, view: PageView) {
  return useMetrics({ scope: rowsOf(scope), metric: ['RequestLatency_P99', 'RequestsPerMinute'] }, { ...view, compare: '' });
}

export function membersOf(answer: MetricsAnswer | undefined): Member[] {
  if (answer === undefined) return [];
  const minutes = (Date.parse(answer.end) - Date.parse(answer.start)) / 60_000;
  return [...new Set(answer.series.map((s) => s.scope))].map((scope): Member => {
    const readings = summaryOf(answer, scope);
    const rate = readings('RequestsPerMinute').now;
    return { scope, name: scopeName(scope), parent: scopeParts(scope).slice(0, -1).join('/'), readings, requests: rate === null ? null : rate * minutes };
  });
}

export const isInstance = (m: Member) => levelOf(m.scope) === 'instance';

/** Readings of a row with its rate over the time that was measured, and without a comparison where there is little to compare. */
export function withTrend(readings: Summary, trends: MetricsAnswer | undefined, scope: string, compared: boolean): Summary {
  const values = trends?.series.find((s) => s.scope === scope && s.metric === 'RequestsPerMinute')?.values;
  const missing = values === undefined ? 0 : values.filter((v) => v === null).length / Math.max(1, values.length);
  const at = trends?.partial_from == null ? -1 : trends.timestamps.indexOf(trends.partial_from);
  return (metric): Reading => {
    const { now, before } = readings(metric);
    if (now === null) return nothing;
    const rate = metric === 'RequestsPerMinute' && values !== undefined && missing > 0.05 ? meanRate(values, at < 0 ? values.length : at) : now;
    return { now: rate, before: compared && missing <= 0.5 ? before : null };
  };
}

/** The scope of a name in a tree, itself or below. */
export function findScope(tree: Scope | undefined, scope: string): Scope | undefined {
  if (tree === undefined || tree.scope === scope) return tree;
  for (const child of tree.children ?? []) {
    const found = scope === child.scope || scope.startsWith(`${child.scope}/`) ? findScope(child, scope) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
