/** What is known of everything below a scope, or beside it: one value of each metric over the page's time. */

import { useMetrics } from '@/api/hooks';
import type { MetricsAnswer, Scope } from '@/api/types';
import { problemIn } from '@/components/asked';
import { levelOf, scopeName, scopeParts } from '@/lib/scope';
import type { PageView } from '@/lib/urlstate';
import { honest } from './coverage';
import { summaryOf, type Summary } from './summary';

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

const familyOf = (scope: string) => [...new Set([rowsOf(scope), instancesOf(scope)])];

export function useFamily(scope: string, view: PageView) {
  return useMetrics({ scope: familyOf(scope), metric: familyMetrics, interval: 'full', compare: view.compare || 'previous' }, view);
}

const trendMetrics = ['RequestLatency_P99', 'RequestsPerMinute', 'CpuUtilizationPercentage', 'GpuThrottleRatio'];

/** The same over time: latency for sparklines, the rates, and the CPU for how much of the time is known of each. */
export function useTrends(scope: string, view: PageView) {
  return useMetrics({ scope: familyOf(scope), metric: trendMetrics, compare: view.compare || 'previous' }, view);
}

/** Disks and GPUs of the instances one by one, of which each has a limit of its own; none until both questions have an answer or failed. */
export function useParts(scope: string, view: PageView): readonly MetricsAnswer[] | undefined {
  const asking = { scope: instancesOf(scope), interval: 'full' };
  const plain = { ...view, compare: '' };
  const disks = useMetrics({ ...asking, metric: ['DiskUtilization'], split: ['disk'] }, plain);
  const gpus = useMetrics({ ...asking, metric: ['GpuMemoryUtilizationPercentage'], split: ['gpu'] }, plain);
  const asked = [disks, gpus];
  return asked.every((a) => a.data !== undefined || problemIn(a) != null) ? asked.flatMap((a) => a.data ?? []) : undefined;
}

/** Everything that the family's answer knows, with the rates of the time that the trends know of each. */
export function membersOf(answer: MetricsAnswer | undefined, trends: MetricsAnswer | undefined): Member[] {
  if (answer === undefined) return [];
  const minutes = (Date.parse(answer.end) - Date.parse(answer.start)) / 60_000;
  return [...new Set(answer.series.map((s) => s.scope))].map((scope): Member => {
    const readings = summaryOf(answer, scope);
    const rate = readings('RequestsPerMinute').now;
    return { scope, name: scopeName(scope), parent: scopeParts(scope).slice(0, -1).join('/'), readings: honest(readings, trends, scope), requests: rate === null ? null : rate * minutes };
  });
}

export const isInstance = (m: Member) => levelOf(m.scope) === 'instance';

/** The scope of a name in a tree, itself or below. */
export function findScope(tree: Scope | undefined, scope: string): Scope | undefined {
  if (tree === undefined || tree.scope === scope) return tree;
  for (const child of tree.children ?? []) {
    const found = scope === child.scope || scope.startsWith(`${child.scope}/`) ? findScope(child, scope) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
