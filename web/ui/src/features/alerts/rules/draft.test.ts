import { describe, expect, it } from 'vitest';
import { draftOfLink, draftOfRule, missing, parseThreshold, ruleOfDraft, withUsualAggregation } from './draft';

const metricRule = {
  name: 'slow',
  kind: 'metric',
  etag: '"1"',
  version: 4,
  severity: 1,
  enabled: true,
  scopes: ['a/*'],
  evaluationFrequency: 'PT1M',
  windowSize: 'PT5M',
  criteria: {
    'odata.type': 'x',
    allOf: [
      {
        criterionType: 'StaticThresholdCriterion',
        name: 'p99',
        metricName: 'RequestLatency_P99',
        timeAggregation: 'Average',
        operator: 'GreaterThan',
        threshold: 0.5,
        windowSize: 'PT10M',
        dimensions: [{ name: 'gpu', operator: 'Exclude', values: ['1'] }],
        failingPeriods: { numberOfEvaluationPeriods: 4, minFailingPeriodsToAlert: 2 },
      },
    ],
  },
  autoMitigate: true,
  noDataPolicy: 'alert',
  labels: { team: 'x' },
  actions: [{ actionGroupId: 'oncall', webHookProperties: { a: 'b' } }],
};

describe('rules', () => {
  it('come back as they were, with what the form does not know', () => {
    const again = ruleOfDraft(draftOfRule(metricRule));
    expect(again).toMatchObject({ name: 'slow', labels: { team: 'x' }, actions: metricRule.actions, noDataPolicy: 'alert' });
    const criterion = Object.fromEntries(Object.entries(metricRule.criteria.allOf[0] ?? {}).filter(([field]) => field !== 'criterionType'));
    expect(again.criteria).toEqual({ allOf: [criterion] });
    expect(again).not.toHaveProperty('etag');
    expect(again).not.toHaveProperty('version');
  });

  it('have no threshold where the band is learned', () => {
    const draft = draftOfRule(metricRule);
    const [c] = draft.criteria;
    if (c === undefined) throw new Error('no criterion');
    const { criteria } = ruleOfDraft({ ...draft, criteria: [{ ...c, dynamic: true, sensitivity: 'High' }] }) as unknown as { criteria: { allOf: Record<string, unknown>[] } };
    expect(criteria.allOf[0]).toMatchObject({ criterionType: 'DynamicThresholdCriterion', alertSensitivity: 'High' });
    expect(criteria.allOf[0]).not.toHaveProperty('threshold');
  });

  it('of logs have their query and no filter', () => {
    const draft = { ...draftOfLink(new URLSearchParams('query=T&scope=a&filter=x&threshold=3')), name: 'l' };
    expect(draft.kind).toBe('log');
    const rule = ruleOfDraft(draft);
    expect(rule.criteria).toEqual({ allOf: [{ query: 'T', timeAggregation: 'Count', operator: 'GreaterThan', threshold: 3, failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 } }] });
    expect(rule).not.toHaveProperty('filter');
  });
});

it('begins with what a link says', () => {
  const draft = draftOfLink(new URLSearchParams('scope=a/b&metric=M&aggregation=average&filter=f&split=gpu,host&split=x'));
  expect(draft).toMatchObject({ scopes: ['a/b'], filter: 'f', criteria: [{ metric: 'M', aggregation: 'Average' }] });
  expect(draft.criteria[0]?.dimensions.map((d) => d.name)).toEqual(['gpu', 'host', 'x']);
});

it.each([
  ['', ['a scope', 'a metric', 'a threshold']],
  ['scope=a&metric=M', ['an aggregation', 'a threshold']],
  ['scope=a&metric=M&aggregation=average&threshold=1', []],
  ['kind=log', ['a query', 'a threshold']],
])('%j misses %j', (link, want) => {
  expect(missing(draftOfLink(new URLSearchParams(link)))).toEqual(want);
});

it.each([
  ['0', 0],
  [' -1.5e3 ', -1500],
  ['', undefined],
  ['1,5', undefined],
  ['Infinity', undefined],
])('reads %j as %s', (text, want) => {
  expect(parseThreshold(text)).toBe(want);
});

it('takes the usual aggregation of a metric for which none was chosen', () => {
  const usual = (metric: string) => (metric === 'M' ? 'Average' : undefined);
  const aggregations = (link: string) => withUsualAggregation(draftOfLink(new URLSearchParams(link)), usual).criteria.map((c) => c.aggregation);
  expect(aggregations('metric=M')).toEqual(['Average']);
  expect(aggregations('metric=M&aggregation=maximum')).toEqual(['Maximum']);
  expect(aggregations('metric=N')).toEqual(['']);
});
