import { expect, it } from 'vitest';
import { explainQuestion, filterOf } from './question';

it.each([
  [{}, ''],
  [{ filter: ' statusCode ne 200 ' }, 'statusCode ne 200'],
  [{ filter: "a eq 'x'", dimensions: { route: "/it's", method: 'GET', all: '*' } }, "a eq 'x' and method eq 'GET' and route eq '/it''s'"],
])('the filter of %j', (alert, want) => {
  expect(filterOf(alert)).toBe(want);
});

const alert = {
  scope: 'chat/blue',
  dimensions: { route: '/score' },
  values: [{ criterion: 'a', metricName: 'M', timeAggregation: 'Average', value: 1 }],
  windowStartTime: '2026-03-01T10:00:00Z',
  windowEndTime: '2026-03-01T10:01:00Z',
};

it('asks with the dimensions, over as much time as the server does', () => {
  expect(explainQuestion(alert)).toEqual({
    scope: 'chat/blue',
    metric: 'M',
    aggregation: 'Average',
    filter: "route eq '/score'",
    start: '2026-03-01T09:56:00Z',
    end: '2026-03-01T10:01:00Z',
    baselineStart: '2026-03-01T09:41:00Z',
    baselineEnd: '2026-03-01T09:56:00Z',
  });
  const long = { ...alert, windowStartTime: '2026-03-01T09:00:00Z', windowEndTime: '2026-03-01T10:00:00Z' };
  expect(explainQuestion(long)).toMatchObject({ start: '2026-03-01T09:00:00Z', baselineStart: '2026-03-01T08:00:00Z', baselineEnd: '2026-03-01T09:00:00Z' });
});

it('asks about the check that fired, with the time of its link', () => {
  const explain = 'https://host/endpoints/chat?start=2026-03-01T07:00:00Z&end=2026-03-01T07:05:00Z&baselineStart=2026-03-01T06:00:00Z&baselineEnd=2026-03-01T07:00:00Z';
  const fired = { windowStartTime: '2026-03-01T07:00:00Z', windowEndTime: '2026-03-01T07:05:00Z', values: [{ criterion: 'a', metricName: 'A', value: null }, { criterion: 'b', metricName: 'B', value: 3 }] };
  expect(explainQuestion({ ...alert, fired, links: { explain } })).toMatchObject({ metric: 'B', start: '2026-03-01T07:00:00Z', end: '2026-03-01T07:05:00Z', baselineStart: '2026-03-01T06:00:00Z', baselineEnd: '2026-03-01T07:00:00Z' });
  expect(explainQuestion({ ...alert, links: { explain: 'https://wiki/?start=2026-03-01T07:00:00Z' } })).toMatchObject({ start: '2026-03-01T09:56:00Z' });
});

it.each([[{ ...alert, values: [] }], [{ scope: alert.scope, values: alert.values }]])('has nothing to ask of %j', (it) => {
  expect(explainQuestion(it)).toBeUndefined();
});
