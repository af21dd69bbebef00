import { expect, it } from 'vitest';
import type { MetricsAnswer } from '@/api/types';
import { isMeasured, limits, questions, saturations } from './saturation';

const one = (scope: string, metric: string, value: number | null, aggregation = 'average', dimensions: Record<string, string> = {}) => ({ scope, metric, aggregation, dimensions, values: [value] });
const answer = (...series: ReturnType<typeof one>[]) => ({ series }) as unknown as MetricsAnswer;

it('lists what is near its limit, fullest first, with its worst moment', () => {
  const list = saturations([
    answer(one('a', 'CpuUtilizationPercentage', 91), one('b', 'CpuUtilizationPercentage', 89), one('a', 'CpuUtilizationPercentage', 100, 'maximum'), one('b', 'CpuUtilizationPercentage', 100, 'maximum')),
    answer(one('c', 'RequestHeadroom', 0.02), one('c', 'RequestHeadroom', 0, 'minimum')),
    answer(one('d', 'DiskUtilization', null), one('e', 'Unknown', 100), one('f', 'QueueShare', 0.4)),
  ]);
  expect(list.map(({ scope, metric, full, worst }) => ({ scope, metric, full, worst }))).toEqual([
    { scope: 'c', metric: 'RequestHeadroom', full: 0.98, worst: 1 },
    { scope: 'a', metric: 'CpuUtilizationPercentage', full: 0.91, worst: 1 },
    { scope: 'f', metric: 'QueueShare', full: 0.4, worst: null },
  ]);
});

it('tells of a full GPU beside an idle one', () => {
  const list = saturations([answer(one('a', 'GpuSmActivity', 100, 'average', { gpu: '0' }), one('a', 'GpuSmActivity', 0, 'average', { gpu: '1' }), one('a', 'GpuSmActivity', 100, 'maximum', { gpu: '0' }), one('a', 'GpuSmActivity', 3, 'maximum', { gpu: '1' }))]);
  expect(list).toMatchObject([{ scope: 'a', which: '0', full: 1, worst: 1 }]);
});

it('asks for every limit once, with the aggregations that it has', () => {
  const asked = Object.values(questions);
  expect(asked.flatMap((q) => q.metric).sort()).toEqual(Object.keys(limits).sort());
  for (const { metric, aggregation, split } of asked) {
    for (const m of metric) expect({ aggregation, split }).toEqual({ aggregation: ['Average', limits[m]?.worst].filter((a) => a !== undefined), split: limits[m]?.each === undefined ? undefined : [limits[m].each] });
  }
});

it('knows that nothing was measured', () => {
  expect([isMeasured([]), isMeasured([answer(), answer(one('a', 'QueueShare', null))]), isMeasured([answer(one('a', 'QueueShare', 0))])]).toEqual([false, false, true]);
});
