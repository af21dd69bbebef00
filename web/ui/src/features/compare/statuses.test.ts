import { expect, it } from 'vitest';
import type { MetricsAnswer } from '@/api/types';
import { statusRows } from './statuses';

const one = (scope: string, statusCode: string, modelStatusCode: string, value: number) => ({ scope, dimensions: { statusCode, modelStatusCode }, values: [value] });

it('has the share of each pair of statuses, failures first', () => {
  const answer = { series: [one('a', '200', '200', 98), one('a', '424', '500', 2), one('b', '200', '200', 45), one('b', '503', '', 5), one('x', '500', '', 9)] } as unknown as MetricsAnswer;
  expect(statusRows(['a', 'b', 'c'], answer)).toEqual({
    rows: [
      { status: '503', model: '', shares: [0, 0.1, null] },
      { status: '424', model: '500', shares: [0.02, 0, null] },
      { status: '200', model: '200', shares: [0.98, 0.9, null] },
    ],
    totals: [100, 50, 0],
  });
});
