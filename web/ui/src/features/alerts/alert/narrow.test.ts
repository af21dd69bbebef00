import { describe, expect, it } from 'vitest';
import { hour, minute } from '@/lib/time';
import { alertSpan, narrowRule, ruleOfAlert } from './narrow';

const rule = {
  name: 'r',
  kind: 'metric',
  etag: '"1"',
  version: 3,
  scopes: ['a/*/*'],
  criteria: { 'odata.type': 'x', allOf: [{ metricName: 'M', dimensions: [{ name: 'gpu', operator: 'Include', values: ['*'] }] }, { metricName: 'N' }] },
};

describe('narrowRule', () => {
  it('asks for nothing but the alert’s series', () => {
    expect(narrowRule(rule, { scope: 'a/b/c', dimensions: { gpu: '1' } })).toEqual({
      name: 'r',
      kind: 'metric',
      enabled: true,
      scopes: ['a/b/c'],
      criteria: { allOf: [{ metricName: 'M', dimensions: [{ name: 'gpu', operator: 'Include', values: ['1'] }] }, { metricName: 'N' }] },
    });
  });

  it('leaves log rules as they are', () => {
    expect(narrowRule({ ...rule, kind: 'log' }, { scope: 'a/b/c', dimensions: {} })).toMatchObject({ scopes: ['a/*/*'], criteria: rule.criteria });
  });
});

it('asks a group for nothing but the rule of the alert', () => {
  const group = { name: 'g', interval: '1m', rules: [{ alert: 'A', expr: 'a' }, { alert: 'B', expr: 'b' }, { record: 'r', expr: 'c' }] };
  const of = (alertname: string) => narrowRule({ name: 'r', kind: 'prometheus', group }, { scope: 'a', labels: { alertname } }).group;
  expect(of('B')).toEqual({ ...group, rules: [{ alert: 'B', expr: 'b' }] });
  expect(of('gone')).toEqual(group);
});

it('knows the expression of a rule that is gone', () => {
  expect(ruleOfAlert({ ruleKind: 'prometheus', alertRule: 'r', values: [{ criterion: 'A', query: 'up == 0' }] })).toEqual({ name: 'r', kind: 'prometheus', group: { name: 'r', rules: [{ alert: 'A', expr: 'up == 0' }] } });
  expect(ruleOfAlert({ ruleKind: 'log', alertRule: 'r', values: [{ query: 'T' }] })).toBeUndefined();
});

describe('alertSpan', () => {
  const now = 100 * hour;
  const time = (ms: number) => new Date(ms).toISOString();
  it.each([
    ['still fired', { firedDateTime: time(now - 10 * minute) }, now - 70 * minute, now],
    ['resolved', { firedDateTime: time(now - 5 * hour), resolvedDateTime: time(now - 4 * hour) }, now - 6 * hour, now - 4 * hour + 15 * minute],
    ['a long window', { firedDateTime: time(now - 5 * hour), resolvedDateTime: time(now - 4 * hour), windowStartTime: time(now - 6 * hour), windowEndTime: time(now - 5 * hour) }, now - 9 * hour, now - 3 * hour],
    ['a window of a day', { firedDateTime: time(now - hour), windowStartTime: time(now - 25 * hour), windowEndTime: time(now - hour) }, now - 25 * hour, now],
    ['fired for days', { firedDateTime: time(now - 80 * hour) }, now - 81 * hour, now - 45 * hour],
  ])('%s', (_, alert, start, end) => {
    expect(alertSpan(alert, now)).toEqual({ start, end });
  });
});
