import { formatNumber, formatValue, type Unit } from '@/lib/units';
import type { Member } from '../family';
import { few, fewForP99, none, type Verdict } from './verdict';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** A metric by which one stands out from the others. */
interface Outlier {
  member: Member;
  metric: string;
  value: number;
  others: number;
  factor: number;
}

const judged = [
  { metric: 'RequestLatency_P99', requests: fewForP99, floor: 1 },
  { metric: 'RequestLatency_P50', requests: few, floor: 1 },
  { metric: 'ErrorRatio', requests: few, floor: 0.01 },
];

/** From this many times the others on, one is different. */
const different = 1.5;

/** Who is furthest above the middle of the others, in latency or in errors; nobody where all are alike or too few are known. */
export function outlierOf(members: readonly Member[]): Outlier | undefined {
  let worst: Outlier | undefined;
  for (const { metric, requests, floor } of judged) {
    const known = members.filter((m) => m.readings(metric).now !== null && (m.requests ?? 0) >= requests);
    if (known.length < 2) continue;
    for (const member of known) {
      const value = member.readings(metric).now ?? 0;
      const others = median(known.filter((o) => o !== member).map((o) => o.readings(metric).now ?? 0));
      const factor = value / Math.max(others, floor);
      const counts = metric !== 'ErrorRatio' || value * (member.requests ?? 0) >= 4.5;
      if (counts && value > floor && factor >= different && factor > (worst?.factor ?? 0)) worst = { member, metric, value, others, factor };
    }
  }
  return worst;
}

function said({ member, metric, value, others }: Outlier): string {
  if (metric === 'ErrorRatio') return `${member.name} fails more: ${formatValue(value, 'Ratio')} of its requests, the others ${formatValue(others, 'Ratio')}`;
  const name = metric === 'RequestLatency_P99' ? 'P99' : 'median';
  return `${member.name} is slower: ${name} ${formatValue(value, 'Milliseconds')}, the others ${formatValue(others, 'Milliseconds')}`;
}

export interface Difference extends Verdict {
  /** Who is different. */
  who?: Member;
}

/**
 * Is one instance different? Each is compared with those of its own deployment, since another version may well be slower; where all of
 * these are alike, deployments are compared.
 */
export function differenceVerdict(instances: readonly Member[], deployments: readonly Member[]): Difference {
  const groups = new Map<string, Member[]>();
  for (const i of instances) groups.set(i.parent, [...(groups.get(i.parent) ?? []), i]);
  const found = [...groups.values()].map(outlierOf).filter((o) => o !== undefined);
  const worst = found.sort((a, b) => b.factor - a.factor)[0];
  if (worst !== undefined) {
    const also = found.length > 1 ? ` (and ${found.length - 1} more in other deployments)` : '';
    return { kind: worst.factor >= 3 ? 'critical' : 'warning', text: `${said(worst)}${also}.`, who: worst.member };
  }
  const measured = instances.filter((i) => (i.requests ?? 0) >= few);
  if (instances.length === 1) return none('There is only one instance.');
  if (measured.length === 0) {
    return instances.some((i) => (i.requests ?? 0) > 0) ? none(`Fewer than ${few} requests each: too few to compare.`) : none('No request was measured in this time.');
  }
  const version = outlierOf(deployments);
  if (version !== undefined) return { kind: 'warning', text: `${said(version)}. Its instances are alike.`, who: version.member };
  if (measured.length < 2) return none('Only one instance had enough requests to be compared.');
  const left = instances.length - measured.length;
  if (![...groups.values()].some((g) => g.filter((m) => measured.includes(m)).length > 1)) return { kind: 'ok', text: 'One instance per deployment; they are alike.' };
  return { kind: 'ok', text: `${measured.length} instances are alike${left > 0 ? `; ${left} had too few requests` : ''}.` };
}

/** How one differs from the middle of the others in a metric. */
export interface Trait {
  metric: string;
  label: string;
  unit: Unit;
  value: number;
  others: number;
  /** value / others, for what has a zero; undefined where it says nothing. */
  factor: number | undefined;
  striking: boolean;
}

const traits: { metric: string; label: string; unit: Unit; /** Differences below this say nothing. */ least: number; additive?: boolean }[] = [
  { metric: 'RequestLatency_P99', label: 'P99 of a request', unit: 'Milliseconds', least: 1 },
  { metric: 'RequestLatency_P50', label: 'Median of a request', unit: 'Milliseconds', least: 1 },
  { metric: 'ErrorRatio', label: 'Share of errors', unit: 'Ratio', least: 0.01 },
  { metric: 'UploadLatency', label: 'Upload, mean', unit: 'Milliseconds', least: 1 },
  { metric: 'QueueTime', label: 'Wait in the proxy, mean', unit: 'Milliseconds', least: 1 },
  { metric: 'ModelLatency', label: 'Wait for the model, mean', unit: 'Milliseconds', least: 1 },
  { metric: 'DownloadLatency', label: 'Download, mean', unit: 'Milliseconds', least: 1 },
  { metric: 'ModelQueueTime', label: 'Wait in the engine, mean', unit: 'Milliseconds', least: 1 },
  { metric: 'ModelPrefillTime', label: 'Prefill, mean of what the engine counts', unit: 'Milliseconds', least: 1 },
  { metric: 'ModelDecodeTime', label: 'Decode, mean of what the engine counts', unit: 'Milliseconds', least: 1 },
  { metric: 'RequestsPerMinute', label: 'Requests', unit: 'CountPerMinute', least: 5 },
  { metric: 'CpuUtilizationPercentage', label: 'CPU', unit: 'Percent', least: 10 },
  { metric: 'CpuMemoryUtilizationPercentage', label: 'Memory', unit: 'Percent', least: 10 },
  { metric: 'DiskUtilization', label: 'Disk', unit: 'Percent', least: 10 },
  { metric: 'GpuUtilizationPercentage', label: 'GPU', unit: 'Percent', least: 10 },
  { metric: 'GpuMemoryUtilizationPercentage', label: 'GPU memory', unit: 'Percent', least: 10 },
  { metric: 'GpuTemperature', label: 'GPU temperature', unit: 'Celsius', least: 8, additive: true },
  { metric: 'GpuClock', label: 'GPU clock', unit: 'Hertz', least: 5e7 },
  { metric: 'GpuThrottleRatio', label: 'GPU clocks held back', unit: 'Ratio', least: 0.03 },
  { metric: 'InstanceRestarts', label: 'Restarts', unit: 'Count', least: 1 },
];

/** One beside the middle of others, metric by metric, what is most different first. What the others do not have is left out. */
export function traitsOf(member: Member, others: readonly Member[]): Trait[] {
  const out: Trait[] = [];
  for (const { metric, label, unit, least, additive } of traits) {
    const value = member.readings(metric).now;
    const known = others.map((o) => o.readings(metric).now).filter((v) => v !== null);
    if (value === null || known.length === 0) continue;
    const middle = median(known);
    const far = Math.abs(value - middle) >= least;
    const factor = middle > 0 && value > 0 ? value / middle : undefined;
    const times = factor === undefined ? (far ? Number.POSITIVE_INFINITY : 1) : Math.max(factor, 1 / factor);
    out.push({ metric, label, unit, value, others: middle, factor: additive === true ? undefined : factor, striking: far && (additive === true || times >= (unit === 'Hertz' ? 1.05 : 1.3)) });
  }
  const weight = (t: Trait) => (t.striking ? (t.factor === undefined ? 2 : Math.max(t.factor, 1 / t.factor)) : 0);
  return out.sort((a, b) => weight(b) - weight(a));
}

/** "×3.6", "0.4 ×", or the difference of what has no zero. */
export function traitChange({ factor, value, others, unit }: Trait): string {
  if (factor !== undefined) return `×${formatNumber(Number(factor.toPrecision(2)))}`;
  const by = value - others;
  return by === 0 ? '±0' : `${by > 0 ? '+' : ''}${formatValue(by, unit)}`;
}
