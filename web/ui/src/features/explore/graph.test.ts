import { expect, it } from 'vitest';
import { readGraph } from './graph';

it.each([
  ['g0.expr=up+%3E+1&g0.tab=1', { promql: ['up > 1'], time: {} }],
  ['g0.expr=a&g1.expr=b&g0.range_input=2h', { promql: ['a', 'b'], time: { last: '2h' } }],
  ['g0.expr=a&g0.range_input=1h&g0.end_input=2026-03-01+10:00:00', { promql: ['a'], time: { start: '2026-03-01T09:00:00.000Z', end: '2026-03-01T10:00:00.000Z' } }],
  ['g0.expr=a&g0.range_input=soon', { promql: ['a'], time: {} }],
  ['', { promql: [''], time: {} }],
])('%s', (search, want) => {
  expect(readGraph(new URLSearchParams(search))).toEqual(want);
});
