import { expect, it } from 'vitest';
import type { MetricsAnswer } from '@/api/types';
import { funnels, hoursQuestion, idleHours, sumFunnels } from './funnel';

const hours = (scope: string, State: string, value: number | null, more: Record<string, string> = {}) => ({ scope, metric: 'GpuHours', aggregation: 'total', unit: 'Hours', dimensions: { State, ...more }, values: [value] });
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

it('adds up by what the GPUs are, over endpoints, also those that do not tell', () => {
  const split = { series: [hours('a', 'active', 2, { gpuModel: 'H100' }), hours('b', 'unbound', 1, { gpuModel: 'H100' }), hours('b', 'active', 5, { gpuModel: '' })] } as unknown as MetricsAnswer;
  expect([...funnels(split, 'gpuModel')]).toEqual([
    ['H100', { provisioned: 3, bound: 2, active: 2, effective: 0 }],
    ['', { provisioned: 5, bound: 5, active: 5, effective: 0 }],
  ]);
});

it('asks for no more series than it needs', () => {
  expect([hoursQuestion('endpoint'), hoursQuestion('instance'), hoursQuestion('node')]).toEqual([
    { scope: '*', split: 'State' },
    { scope: '*/*/*', split: 'State' },
    { scope: '*', split: 'node,State' },
  ]);
});
