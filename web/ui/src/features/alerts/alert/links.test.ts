import { expect, it } from 'vitest';
import { basesOf, pageOf } from './links';

it.each([
  ['http://host:9190/explore?scope=a%2Fb&metric=M', { to: '/explore', params: { scope: 'a/b', metric: 'M' } }],
  ['https://host/prefix/logs?query=x', { to: '/logs', params: { query: 'x' } }],
  ['http://host:9190/graph?g0.expr=up&g0.tab=1', { to: '/graph', params: { 'g0.expr': 'up', 'g0.tab': '1' } }],
  ['/alerts/1', { to: '/alerts/1', params: {} }],
  ['http://prometheus:9090/graph?g0.expr=up', undefined],
  ['https://grafana/explore?left=x', undefined],
  ['https://host/alerts', undefined],
  ['https://host/other/prefix/alerts', undefined],
  ['https://host/prefixed/alerts', undefined],
  ['//grafana/explore', undefined],
  ['http://host:9190/api/v1/explain?scope=a', undefined],
  ['http://host:9190/explored', undefined],
  ['http://', undefined],
  [undefined, undefined],
])('%s', (link, want) => {
  expect(pageOf(link, ['http://host:9190', 'https://host/prefix'])).toEqual(want);
});

it.each([
  [{ id: '1', links: { alert: 'https://host/prefix/alerts/1' } }, ['http://here', 'https://host/prefix']],
  [{ id: '1', links: { alert: 'https://wiki/page' } }, ['http://here']],
  [{ id: '1', links: {} }, ['http://here']],
  [{ id: '1', monitorService: 'External', links: { alert: 'https://other/alerts/1' } }, ['http://here']],
])('the addresses of %j', (alert, want) => {
  expect(basesOf(alert, 'http://here')).toEqual(want);
});
