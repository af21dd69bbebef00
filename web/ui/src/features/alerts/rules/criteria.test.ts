import { expect, it } from 'vitest';
import { criteriaOf, ownWindowText, windowOf } from './criteria';

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

it('tells windows apart where they differ', () => {
  const rule = (own: object) => criteriaOf({ kind: 'metric', windowSize: 'PT6H', criteria: { allOf: [{ name: 'hours' }, { name: 'now', ...own }] } });
  const differ = rule({ windowSize: 'PT30M' });
  expect(['hours', 'now', 'gone'].map((name) => windowOf(differ, name))).toEqual([21_600_000, 1_800_000, 60_000]);
  expect(['hours', 'now', 'gone'].map((name) => ownWindowText(differ, name).replace(/\u00a0/g, ' '))).toEqual([' over 6 h', ' over 30 min', '']);
  expect(ownWindowText(rule({}), 'now')).toBe('');
});
