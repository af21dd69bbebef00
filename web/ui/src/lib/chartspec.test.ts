import { describe, expect, it } from 'vitest';
import { emptySpec, parseSpec, parseSpecs, questionsOf, writeSpec, writeSpecs, type ChartSpec } from './chartspec';

const spec = (part: Partial<ChartSpec>): ChartSpec => ({ ...emptySpec, ...part });

describe('parseSpec', () => {
  it.each<[string, string, Partial<ChartSpec>]>([
    [
      'a link of an alert',
      "scope=credit-default%2Fblue&metric=RequestLatency_P99&aggregation=Average&start=2026-03-01T10%3A00%3A00Z&end=2026-03-01T11%3A00%3A00Z&filter=statusCode+ne+'500'",
      { scopes: ['credit-default/blue'], metrics: [{ name: 'RequestLatency_P99', aggregation: 'Average' }], filter: "statusCode ne '500'" },
    ],
    ['lists between commas', 'scope=a,b/*&metric=M,N', { scopes: ['a', 'b/*'], metrics: [{ name: 'M', aggregation: '' }, { name: 'N', aggregation: '' }] }],
    ['every aggregation for every metric', 'metric=M&aggregation=Total&aggregation=Average', { metrics: [{ name: 'M', aggregation: 'Total' }, { name: 'M', aggregation: 'Average' }] }],
    ['aggregations of their own', 'metric=M:Total&metric=N', { metrics: [{ name: 'M', aggregation: 'Total' }, { name: 'N', aggregation: '' }] }],
    ['how it is split', 'split=instanceId&top=5&orderBy=maximum+desc&interval=5m&kind=heat', { split: ['instanceId'], top: 5, orderBy: 'maximum desc', interval: '5m', kind: 'heat' }],
    ['what is wrong is left out', 'top=-1&kind=pie&interval=auto', {}],
    ['PromQL with commas', 'query=sum+by+(a,b)+(up)&unit=Count', { promql: ['sum by (a,b) (up)'], unit: 'Count' }],
  ])('%s', (_name, text, want) => {
    expect(parseSpec(new URLSearchParams(text))).toEqual(spec(want));
  });
});

it('writes what it reads', () => {
  for (const part of [
    { scopes: ['a/b', '*'], metrics: [{ name: 'M', aggregation: 'Total' }], filter: "x eq 'a,b'", split: ['x', 'y'], top: 10, orderBy: 'average asc', interval: '1m', kind: 'stack' },
    { scopes: ['a'], metrics: [{ name: 'M', aggregation: 'Total' }, { name: 'N', aggregation: '' }] },
    { promql: ['up', 'rate(x[5m])'], unit: 'Bytes', kind: 'bar' },
  ] satisfies Partial<ChartSpec>[]) {
    expect(parseSpec(writeSpec(spec(part)))).toEqual(spec(part));
  }
});

it('writes the words of the API where it can', () => {
  expect(writeSpec(spec({ scopes: ['a'], metrics: [{ name: 'M', aggregation: 'Total' }, { name: 'N', aggregation: 'Total' }] })).toString()).toBe('scope=a&metric=M&metric=N&aggregation=Total');
});

it('keeps several charts in a URL, and what is not theirs', () => {
  const charts = [spec({ scopes: ['a'], metrics: [{ name: 'M', aggregation: '' }] }), spec({ promql: ['a & b = c'] })];
  const params = writeSpecs(new URLSearchParams('last=4h&metric=Old&chart=x'), charts);
  expect(params.get('last')).toBe('4h');
  expect(parseSpecs(params)).toEqual(charts);
});

it('asks once for each aggregation', () => {
  const asked = questionsOf(spec({ scopes: ['a'], metrics: [{ name: 'M', aggregation: '' }, { name: 'N', aggregation: 'Total' }, { name: 'O', aggregation: '' }], top: 5 }));
  expect(asked).toEqual([
    { scope: ['a'], metric: ['M', 'O'] },
    { scope: ['a'], metric: ['N'], aggregation: 'Total' },
  ]);
  expect(questionsOf(spec({ scopes: ['*'], metrics: [{ name: 'M', aggregation: '' }], top: 5, orderBy: 'total desc' }))[0]).toMatchObject({ top: 5, orderBy: 'total desc' });
});
