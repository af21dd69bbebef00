import { formatValue } from '@/lib/units';
import { isInstance, type Member } from '../family';
import { none, type Verdict } from './verdict';

const kinds = [
  { metric: 'CpuUtilizationPercentage', name: 'CPU', full: 90, what: 'busy' },
  { metric: 'CpuMemoryUtilizationPercentage', name: 'memory', full: 90, what: 'used' },
  { metric: 'DiskUtilization', name: 'disks', full: 90, what: 'used' },
  { metric: 'GpuMemoryUtilizationPercentage', name: 'GPU memory', full: 97, what: 'used' },
];

/** Has it enough of everything? What is nearest to its end, at the instance that has least of it left. */
export function resourcesVerdict(members: readonly Member[], scope: string): Verdict {
  const instances = members.filter((m) => isInstance(m) && (m.scope === scope || m.scope.startsWith(`${scope}/`)));
  const found = kinds.flatMap(({ metric, name, full, what }) => {
    const worst = instances.map((m) => ({ m, value: m.readings(metric).now })).sort((a, b) => (b.value ?? -1) - (a.value ?? -1))[0];
    return worst === undefined || worst.value === null ? [] : [{ name, what, full, who: worst.m.name, value: worst.value, over: worst.value / full }];
  });
  const scarcest = found.sort((a, b) => b.over - a.over)[0];
  if (scarcest === undefined) return none('No agent told of CPU, memory or disks here in this time.');
  const who = instances.length > 1 ? ` of ${scarcest.who}` : '';
  const text = `The ${scarcest.name}${who} ${scarcest.name === 'disks' ? 'are' : 'is'} ${formatValue(scarcest.value, 'Percent')} ${scarcest.what} on average`;
  return scarcest.over >= 1 ? { kind: 'warning', text: `${text}.` } : { kind: 'ok', text: `${text}, which is the scarcest.` };
}
