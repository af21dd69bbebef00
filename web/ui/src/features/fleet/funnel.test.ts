import { expect, it } from 'vitest';
import type { MetricsAnswer } from '@/api/types';
import { funnels, idleHours, saturations, sumFunnels } from './funnel';

const hours = (scope: string, State: string, value: number | null) => ({ scope, metric: 'GpuHours', aggregation: 'total', unit: 'Hours', dimensions: { State }, values: [value] });
const answer = { series: [hours('a/blue/1', 'unbound', 1), hours('a/blue/1', 'effective', 3), hours('a/green/1', 'bound_idle', 2), hours('b/x/1', 'active', 4), hours('b/x/1', 'effective', null)] } as unknown as MetricsAnswer;

it('narrows from what is paid for to what does work', () => {
  const by = funnels(answer, 'endpoint');
  expect(by.get('a')).toEqual({ provisioned: 6, bound: 5, active: 3, effective: 3 });
  expect(by.get('b')).toEqual({ provisioned: 4, bound: 4, active: 4, effective: 0 });
  expect(idleHours(sumFunnels(by.values()))).toBe(3);
});

it('adds up at every level', () => {
  expect([...funnels(answer, 'deployment').keys()]).toEqual(['a/blue', 'a/green', 'b/x']);
  for (const level of ['endpoint', 'deployment', 'instance'] as const) expect(sumFunnels(funnels(answer, level).values()).provisioned).toBe(10);
});

it('lists what is near its limit, fullest first', () => {
  const one = (scope: string, metric: string, value: number | null) => ({ scope, metric, values: [value] });
  const list = saturations({
    series: [one('a', 'CpuUtilizationPercentage', 91), one('b', 'CpuUtilizationPercentage', 89), one('c', 'RequestHeadroom', 0.02), one('d', 'DiskUtilization', null), one('e', 'Unknown', 100)],
  } as unknown as MetricsAnswer);
  expect(list).toEqual([
    { scope: 'c', what: 'requests at once', full: 0.98 },
    { scope: 'a', what: 'CPU', full: 0.91 },
  ]);
});
