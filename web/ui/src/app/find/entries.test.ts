import { expect, it } from 'vitest';
import type { MetricDefinition, Scope } from '@/api/types';
import { dashboardEntries, metricEntries, pageEntries, queryEntries, scopeEntries } from './entries';

it('has every scope of a tree with what it is', () => {
  const leaf = { scope: 'a/b', name: 'b', level: 'deployment', state: 'missing' } as Scope;
  const tree = [{ scope: 'a', name: 'a', level: 'endpoint', state: 'ready', children: [leaf] } as unknown as Scope];
  expect(scopeEntries(tree).map((e) => [e.label, e.what, e.to])).toEqual([
    ['a', 'endpoint', '/endpoints/a'],
    ['a/b', 'deployment, missing', '/endpoints/a/b'],
  ]);
});

it('has a metric once, whatever levels its definitions are for', () => {
  const d = { name: 'M', display_name: 'The M', description: 'What it is. And more.' } as MetricDefinition;
  expect(metricEntries([d, d], 'a/b')).toEqual([{ kind: 'metric', id: 'M', label: 'M', what: 'What it is', words: 'The M', to: '/explore?scope=a%2Fb&metric=M' }]);
});

it('opens queries with their scope', () => {
  const [query] = queryEntries([{ name: 'q', title: '', query: 'T | take 1', scopes: ['a'] }]);
  expect(query).toMatchObject({ label: 'q', what: 'T | take 1', to: '/logs?query=T+%7C+take+1&scope=a' });
});

it('calls dashboards by their title', () => {
  expect(dashboardEntries([{ name: 'gpus', title: 'GPUs at work', description: 'One.\nTwo.', tags: ['x'] }])[0]).toMatchObject({ label: 'GPUs at work', what: 'One', words: 'gpus x' });
});

it('says of each page what it is for', () => {
  expect(pageEntries().filter((e) => e.what === '')).toEqual([]);
});
