import { expect, it } from 'vitest';
import type { MetricsAnswer } from '@/api/types';
import type { Member } from '../family';
import { nothing } from '../summary';
import { resourcesVerdict } from './resources';

const member = (scope: string, readings: Record<string, number>): Member => ({ scope, name: scope.split('/').at(-1) ?? '', parent: '', requests: null, readings: (m) => (readings[m] === undefined ? nothing : { now: readings[m], before: null }) });
const part = (metric: string, dimension: string, used: Record<string, number | null>, scope = 'e/d/a') => ({ series: Object.entries(used).map(([which, value]) => ({ scope, metric, dimensions: { [dimension]: which }, values: [value] })) }) as unknown as MetricsAnswer;
const said = (members: Member[], ...parts: MetricsAnswer[]) => {
  const { kind, text } = resourcesVerdict(members, 'e', parts);
  return `${kind}: ${text.replace(/\u00a0/g, ' ')}`;
};

it('judges the fullest disk and GPU, not their mean', () => {
  const a = member('e/d/a', { CpuUtilizationPercentage: 60, DiskUtilization: 54.5, GpuMemoryUtilizationPercentage: 70 });
  const b = member('e/d/b', { DiskUtilization: 70 });
  const disks = part('DiskUtilization', 'disk', { vda: 99, vdb: 10 });
  expect(said([a], disks)).toBe('warning: The disk vda is 99 % used on average.');
  expect(said([a, b], disks)).toBe('warning: The disk vda of a is 99 % used on average.');
  expect(said([a], part('DiskUtilization', 'disk', { vda: 40 }), part('GpuMemoryUtilizationPercentage', 'gpu', { 0: 42, 1: 98 }))).toBe('warning: The memory of GPU 1 is 98 % used on average.');
});

it('has the mean where nothing is known of each', () => {
  expect(said([member('e/d/a', { DiskUtilization: 54 })], part('DiskUtilization', 'disk', { vda: null }), part('DiskUtilization', 'disk', { vda: 99 }, 'e/d/other'))).toBe('ok: The disks are 54 % used on average, which is the scarcest.');
});
