import { describe, expect, it } from 'vitest';
import type { MetricDefinition } from '@/api/types';
import { alertSentence, definitionAt, dimensionText, firedSentence } from './sentence';
import type { AlertValue } from './types';

const definition = (name: string, unit: string, levels: string[], display = name): MetricDefinition => ({
  name,
  display_name: display,
  description: '',
  category: '',
  azure: false,
  unit,
  levels,
  aggregations: ['Average'],
  primary_aggregation: 'Average',
  dimensions: [],
});

const definitions = [definition('RequestLatency_P90', 'Milliseconds', ['endpoint']), definition('RequestLatency_P90', 'Milliseconds', ['deployment', 'instance'], 'Latency P90'), definition('RequestsPerMinute', 'Count', ['endpoint', 'instance'])];

/** Spaces that do not break, as spaces. */
const plain = (s: string) => s.replace(/\u00a0/g, ' ');
const sentence = (...values: AlertValue[]) => plain(alertSentence({ values, scope: 'a/b/c' }, definitions));

describe('alertSentence', () => {
  it.each<[AlertValue, string]>([
    [{ metricName: 'RequestLatency_P90', timeAggregation: 'Average', operator: 'GreaterThan', value: 4100, threshold: 300 }, 'Average Latency P90 was 4.1 s, above 300 ms'],
    [{ metricName: 'RequestLatency_P90', timeAggregation: 'Average', operator: 'GreaterOrLessThan', value: 4100, lower: 10, upper: 20 }, 'Average Latency P90 was 4.1 s, outside of the usual 10 ms to 20 ms'],
    [{ metricName: 'requestsperminute', timeAggregation: 'Total', operator: 'LessThan', value: null, threshold: 1 }, 'Total RequestsPerMinute had no data'],
    [{ metricName: 'Gone', timeAggregation: 'Maximum', operator: 'LessThan', value: 3, threshold: 5 }, 'Largest Gone was 3, below 5'],
    [{ metricName: 'RequestLatency_P90', timeAggregation: 'Average', operator: 'LessThan', value: 299.8852, threshold: 300 }, 'Average Latency P90 was 299.885 ms, below 300 ms'],
    [{ criterion: 'c', query: 'T | count', operator: 'GreaterThan', value: 3, threshold: 0 }, 'The query’s result was 3, above 0'],
  ])('%j', (value, want) => {
    expect(sentence(value)).toBe(want);
  });

  it('joins criteria, and has the server’s words where there are none', () => {
    const v: AlertValue = { metricName: 'RequestLatency_P90', timeAggregation: 'Average', operator: 'GreaterThan', value: 2, threshold: 1 };
    expect(sentence(v, v)).toBe('Average Latency P90 was 2 ms, above 1 ms; average Latency P90 was 2 ms, above 1 ms');
    expect(alertSentence({ summary: 'it is bad' }, [])).toBe('it is bad');
  });
});

describe('an alert that is over', () => {
  const value = (n: number | null): AlertValue => ({ metricName: 'RequestLatency_P90', timeAggregation: 'Average', operator: 'GreaterThan', value: n, threshold: 300 });
  const resolved = (n: number | null) => ({ values: [value(n)], scope: 'a/b/c', monitorCondition: 'Resolved' as const });

  it('does not claim that its last value crossed the bound', () => {
    expect(plain(alertSentence(resolved(60), definitions))).toBe('Average Latency P90 was 60 ms when it resolved; it fires above 300 ms');
    expect(alertSentence(resolved(null), definitions)).toBe('Average Latency P90 had no data when it resolved');
  });

  it('says what fired where that is known', () => {
    expect(plain(firedSentence({ ...resolved(60), fired: { values: [value(4100)] } }, definitions))).toBe('Average Latency P90 was 4.1 s, above 300 ms');
    expect(plain(firedSentence(resolved(60), definitions))).toContain('when it resolved');
  });
});

it('finds the definition of the level, or any', () => {
  expect(definitionAt(definitions, 'RequestLatency_P90', 'a')?.display_name).toBe('RequestLatency_P90');
  expect(definitionAt(definitions, 'RequestLatency_P90', '*/*')?.display_name).toBe('Latency P90');
  expect(definitionAt(definitions, 'RequestsPerMinute', 'a/b')?.name).toBe('RequestsPerMinute');
  expect(definitionAt(definitions, undefined, 'a')).toBeUndefined();
});

it('writes dimensions', () => {
  expect(dimensionText({ gpu: '0', reason: '' })).toBe('gpu 0, reason (none)');
  expect(dimensionText(undefined)).toBe('');
});
