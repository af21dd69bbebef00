import { expect, it } from 'vitest';
import { pageOf } from './links';

it.each([
  ['http://host:9190/explore?scope=a%2Fb&metric=M', { to: '/explore', params: { scope: 'a/b', metric: 'M' } }],
  ['https://host/prefix/logs?query=x', { to: '/logs', params: { query: 'x' } }],
  ['http://host/graph?g0.expr=up&g0.tab=1', { to: '/graph', params: { 'g0.expr': 'up', 'g0.tab': '1' } }],
  ['/alerts/1', { to: '/alerts/1', params: {} }],
  ['http://host/api/v1/explain?scope=a', undefined],
  ['http://host/explored', undefined],
  ['http://', undefined],
  [undefined, undefined],
])('%s', (link, want) => {
  expect(pageOf(link)).toEqual(want);
});
