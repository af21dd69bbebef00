import { expect, it } from 'vitest';
import { emptySpec, type ChartSpec } from './chartspec';
import { chartTitle } from './charttitle';

const metrics = (...names: string[]) => names.map((name) => ({ name, aggregation: '' }));

it.each<[Partial<ChartSpec>, string]>([
  [{}, 'A new chart'],
  [{ promql: ['up'] }, 'PromQL'],
  [{ metrics: metrics('M'), scopes: ['a/b'] }, 'the M of a/b'],
  [{ metrics: metrics('M'), scopes: ['a'], filter: "x eq 'y'" }, "the M of a, x eq 'y'"],
  [{ metrics: metrics('M', 'M', 'N'), scopes: ['a', 'b', 'c', 'd'], split: ['x', 'y'] }, 'the M, the N of a, b and 2 more by x, y'],
  [{ metrics: metrics('M'), scopes: ['*', 'a/*/*', '*/b/*'] }, 'the M of every endpoint, every instance of a, */b/*'],
  [{ metrics: metrics('M'), scopes: ['a'], split: ['x'], kind: 'distribution' }, 'Distribution of the M of a'],
])('%j', (part, want) => {
  expect(chartTitle({ ...emptySpec, ...part }, (m) => `the ${m}`)).toBe(want);
});
