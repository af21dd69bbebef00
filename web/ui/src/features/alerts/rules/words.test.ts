import { expect, it } from 'vitest';
import { conditionText } from './words';

const plain = (s: string) => s.replace(/\u00a0/g, ' ');
const two = (first: object, second: object) => ({ name: 'r', kind: 'metric', scopes: ['a'], windowSize: 'PT6H', criteria: { allOf: [first, second].map((c) => ({ metricName: 'M', timeAggregation: 'Average', operator: 'LessThan', threshold: 97, ...c })) } });
const metric = (criterion: object, more: object = {}) => ({ name: 'r', kind: 'metric', scopes: ['a'], windowSize: 'PT5M', criteria: { allOf: [{ metricName: 'M', timeAggregation: 'Average', ...criterion }] }, ...more });

it.each([
  [metric({ operator: 'GreaterThan', threshold: 5 }), 'average M above 5, over 5 min'],
  [metric({ operator: 'LessThan', threshold: 5, failingPeriods: { numberOfEvaluationPeriods: 4, minFailingPeriodsToAlert: 3 } }), 'average M below 5, over 5 min, in 3 of 4 checks'],
  [metric({ criterionType: 'DynamicThresholdCriterion', operator: 'GreaterOrLessThan', alertSensitivity: 'Low' }), 'average M outside of its usual (low sensitivity), over 5 min, in 3 of 4 checks'],
  [two({}, { windowSize: 'PT30M' }), 'average M below 97 over 6 h, and average M below 97 over 30 min'],
  [two({ windowSize: 'PT1H' }, { windowSize: 'PT60M' }), 'average M below 97, and average M below 97, over 1 h'],
  [{ name: 'l', kind: 'log', windowSize: 'PT1H', criteria: { allOf: [{ query: 'T', timeAggregation: 'Count', operator: 'GreaterThan', threshold: 0 }] } }, 'rows of the query above 0, over 1 h'],
  [{ name: 'p', kind: 'prometheus', group: { rules: [{ alert: 'A' }, { record: 'r' }] } }, 'alerts A; 1 recording rule'],
])('%j', (rule, want) => {
  expect(plain(conditionText(rule, []))).toBe(want);
});
