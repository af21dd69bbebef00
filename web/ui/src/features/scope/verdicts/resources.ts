import type { MetricsAnswer } from '@/api/types';
import { formatValue } from '@/lib/units';
import { isInstance, type Member } from '../family';
import { none, type Verdict } from './verdict';

interface Kind {
  metric: string;
  name: string;
  /** What one of several is called, where an instance may have several. */
  one?: string;
  full: number;
  what: string;
}

const kinds: Kind[] = [
  { metric: 'CpuUtilizationPercentage', name: 'CPU', full: 90, what: 'busy' },
  { metric: 'CpuMemoryUtilizationPercentage', name: 'memory', full: 90, what: 'used' },
  { metric: 'DiskUtilization', name: 'disks', one: 'disk', full: 90, what: 'used' },
  { metric: 'GpuMemoryUtilizationPercentage', name: 'GPU memory', one: 'memory of GPU', full: 97, what: 'used' },
];

interface Use {
  name: string;
  value: number;
}

/** How full each of a kind is at an instance: of its disks and GPUs one by one where that is known, since the mean over a full one and an empty one says nothing. */
function usesOf({ metric, name, one }: Kind, { scope, readings }: Member, parts: readonly MetricsAnswer[]): Use[] {
  const each = one === undefined ? [] : parts.flatMap((a) => a.series).filter((s) => s.scope === scope && s.metric === metric && s.values[0] != null);
  if (each.length > 0) return each.map((s) => ({ name: `${one} ${Object.values(s.dimensions).join(' ')}`, value: s.values[0] ?? 0 }));
  const value = readings(metric).now;
  return value === null ? [] : [{ name, value }];
}

/** Has it enough of everything? What is nearest to its end, at the instance that has least of it left. */
export function resourcesVerdict(members: readonly Member[], scope: string, parts: readonly MetricsAnswer[] = []): Verdict {
  const instances = members.filter((m) => isInstance(m) && (m.scope === scope || m.scope.startsWith(`${scope}/`)));
  const found = kinds.flatMap((kind) => instances.flatMap((m) => usesOf(kind, m, parts).map((use) => ({ ...use, what: kind.what, who: m.name, over: use.value / kind.full }))));
  const scarcest = found.sort((a, b) => b.over - a.over)[0];
  if (scarcest === undefined) return none('No agent told of CPU, memory or disks here in this time.');
  const who = instances.length > 1 ? ` of ${scarcest.who}` : '';
  const text = `The ${scarcest.name}${who} ${scarcest.name === 'disks' ? 'are' : 'is'} ${formatValue(scarcest.value, 'Percent')} ${scarcest.what} on average`;
  return scarcest.over >= 1 ? { kind: 'warning', text: `${text}.` } : { kind: 'ok', text: `${text}, which is the scarcest.` };
}
