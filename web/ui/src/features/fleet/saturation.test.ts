import { expect, it } from 'vitest';
import type { MetricsAnswer } from '@/api/types';
import { leastMetrics, meanMetrics, mostMetrics, saturations } from './saturation';

const one = (scope: string, metric: string, value: number | null) => ({ scope, metric, values: [value] });
const answer = (...series: ReturnType<typeof one>[]) => ({ series }) as unknown as MetricsAnswer;

it('lists what is near its limit, fullest first, with its worst moment', () => {
  const means = answer(one('a', 'CpuUtilizationPercentage', 91), one('b', 'CpuUtilizationPercentage', 89), one('c', 'RequestHeadroom', 0.02), one('d', 'DiskUtilization', null), one('e', 'Unknown', 100), one('f', 'QueueShare', 0.4));
  const list = saturations(means, [answer(one('a', 'CpuUtilizationPercentage', 100)), answer(one('c', 'RequestHeadroom', 0)), undefined]);
  expect(list.map(({ scope, metric, full, worst }) => ({ scope, metric, full, worst }))).toEqual([
    { scope: 'c', metric: 'RequestHeadroom', full: 0.98, worst: 1 },
    { scope: 'a', metric: 'CpuUtilizationPercentage', full: 0.91, worst: 1 },
    { scope: 'f', metric: 'QueueShare', full: 0.4, worst: null },
  ]);
});

it('asks for worst moments only of what has them', () => {
  expect(meanMetrics.filter((m) => !mostMetrics.includes(m) && !leastMetrics.includes(m))).toEqual(['QueueShare']);
});
