import { expect, it } from 'vitest';
import type { Alert, MetricsAnswer, Scope } from '@/api/types';
import { badness, endpointRows, filterRows } from './rows';

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

it('knows the worst: alerts by severity, instances that are missing, errors', () => {
  const rows = endpointRows([scope('c'), scope('a'), scope('b'), { ...scope('d', 'missing'), missing: 1 }], totals, undefined, alerts);
  expect([...rows].sort((x, y) => badness(y) - badness(x)).map((r) => r.name)).toEqual(['b', 'd', 'a', 'c']);
});

it('finds endpoints by what is below them', () => {
  const rows = endpointRows([scope('a', 'ready', [scope('blue')]), scope('b')], undefined, undefined, []);
  expect(filterRows(rows, ' BLU ').map((r) => r.name)).toEqual(['a']);
  expect(filterRows(rows, '')).toHaveLength(2);
});
