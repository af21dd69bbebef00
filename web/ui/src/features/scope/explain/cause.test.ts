import { describe, expect, it } from 'vitest';
import type { Explanation } from '@/api/types';
import { causeOf, placeOf, stepName, suspectsOf, withinOf } from './cause';

const base: Explanation = { metric: 'RequestLatency_P99', aggregation: 'average', unit: 'Milliseconds', scope: 'fraud', start: '', end: '', baseline: { start: '', end: '' }, before: 1, after: 2, change: 1, path: [], contributions: [], related: [], verdict: 'single cause', explanation: '', warnings: [] };
const step = (dimension: string, value: string) => ({ dimension, value, share: 1, before: 1, after: 2 });
const part = (dimension: string, value: string, scope: string, share: number | null = 0.5) => ({ dimension, value, scope, before: 1, after: 2, share, alone: share, weight: 0.5 });

describe('causeOf', () => {
  it('is the scope where there is no path', () => {
    expect(causeOf(base)).toBe('fraud');
  });
  it('follows deployments and instances, not other dimensions', () => {
    const path = [step('deployment', 'blue'), step('instanceId', 'blue-7'), step('statusCode', '500')];
    expect(causeOf({ ...base, path })).toBe('fraud/blue/blue-7');
  });
  it('takes the scope that the contributions name', () => {
    // From an endpoint straight to an instance: its deployment is in the row's scope.
    expect(causeOf({ ...base, path: [step('instanceId', 'x')], contributions: [part('instanceId', 'x', 'fraud/green/x')] })).toBe('fraud/green/x');
  });
});

it('names suspects where there are several', () => {
  const contributions = [part('instanceId', 'a', 'fraud/blue/a', 0.6), part('instanceId', 'b', 'fraud/blue/b', 0.1), part('deployment', 'blue', 'fraud/blue', 0.9)];
  expect(suspectsOf({ ...base, verdict: 'several', contributions })).toEqual(['fraud/blue/a']);
  expect(suspectsOf({ ...base, contributions })).toEqual([]);
});

it('names steps and places', () => {
  expect(withinOf(part('statusCode', '200', 'fraud/blue'), 'fraud')).toBe('of blue');
  expect(withinOf({ ...part('instanceId', 'a', 'fraud/blue/a'), within: [{ dimension: 'direction', value: 'output' }] }, 'fraud')).toBe('within direction output');
  expect(stepName({ dimension: 'instanceId', value: 'blue-7' })).toBe('blue-7');
  expect(stepName({ dimension: 'statusCode', value: '500' })).toBe('statusCode 500');
  expect(placeOf({ scope: 'fraud/blue/blue-7', dimensions: { gpu: '0' } })).toBe('blue-7, gpu 0');
});
