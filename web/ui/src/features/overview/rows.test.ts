import { expect, it } from 'vitest';
import type { Alert, MetricsAnswer, Scope } from '@/api/types';
import { endpointRows, filterRows, sortRows } from './rows';

const scope = (name: string, state = 'ready', children: Scope[] = []): Scope => ({ scope: name, name, level: 'endpoint', state, last_sample: '2026-03-01T10:00:00Z', ready: 1, missing: 0, gpus: 0, children });

const totals = {
  series: [
    { scope: 'a', metric: 'ErrorRatio', values: [0.5] },
    { scope: 'b', metric: 'ErrorRatio', values: [0] },
    { scope: 'a', metric: 'RequestsPerMinute', values: [60], compare: { values: [30], difference: [30] } },
  ],
} as unknown as MetricsAnswer;

const alerts = [{ scope: 'b/blue/blue-1', severity: 1 }, { scope: 'bb', severity: 0 }] as Alert[];

it('has of each endpoint what was answered, and null for the rest', () => {
  const [a, b] = endpointRows([scope('a'), scope('b')], totals, undefined, alerts);
  expect(a).toMatchObject({ requests: 60, errors: 0.5, p99: null, alerts: 0, severity: null, before: { requests: 30, errors: null } });
  expect(b).toMatchObject({ errors: 0, alerts: 1, severity: 1 }); // not that of bb
});

it('sorts the worst first: alerts, missing instances, errors', () => {
  const rows = endpointRows([scope('c'), scope('a'), scope('b'), scope('d', 'missing')], totals, undefined, alerts);
  expect(sortRows(rows, { column: 'state', descending: true }).map((r) => r.name)).toEqual(['b', 'd', 'a', 'c']);
});

it('has what lacks a value last, either way', () => {
  const rows = endpointRows([scope('c'), scope('a'), scope('b')], totals, undefined, []);
  expect(sortRows(rows, { column: 'errors', descending: true }).map((r) => r.name)).toEqual(['a', 'b', 'c']);
  expect(sortRows(rows, { column: 'errors', descending: false }).map((r) => r.name)).toEqual(['b', 'a', 'c']);
});

it('sorts numbers in names as numbers', () => {
  const rows = endpointRows([scope('e10'), scope('e9')], undefined, undefined, []);
  expect(sortRows(rows, { column: 'name', descending: false }).map((r) => r.name)).toEqual(['e9', 'e10']);
});

it('finds endpoints by what is below them', () => {
  const rows = endpointRows([scope('a', 'ready', [scope('blue')]), scope('b')], undefined, undefined, []);
  expect(filterRows(rows, ' BLU ').map((r) => r.name)).toEqual(['a']);
  expect(filterRows(rows, '')).toHaveLength(2);
});
