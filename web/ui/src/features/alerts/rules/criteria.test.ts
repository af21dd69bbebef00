import { expect, it } from 'vitest';
import { criteriaOf } from './criteria';

it('names criteria as previews do', () => {
  expect(criteriaOf({ kind: 'metric', windowSize: 'PT5M', criteria: { allOf: [{ metricName: 'M', timeAggregation: 'Average' }, { name: 'x', windowSize: 'PT1H' }] } })).toEqual([
    { name: 'criterion 1', metricName: 'M', timeAggregation: 'Average', window: 300_000 },
    { name: 'x', metricName: undefined, timeAggregation: undefined, window: 3_600_000 },
  ]);
});

it('has the alerts of a group, at its interval', () => {
  expect(criteriaOf({ kind: 'prometheus', group: { interval: '30s', rules: [{ alert: 'A' }, { record: 'r' }] } })).toEqual([{ name: 'A', window: 30_000 }]);
  expect(criteriaOf({ kind: 'prometheus', group: {} })).toEqual([]);
});
