import { describe, expect, it } from 'vitest';
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

const trend = (values: (number | null)[], before: (number | null)[]) =>
  ({ timestamps: [1000, 2000, 3000, 4000], partial_from: null, series: [{ scope: 'a', metric: 'RequestsPerMinute', values, compare: { values: before, difference: [] } }] }) as unknown as MetricsAnswer;

const alerts = [{ scope: 'b/blue/blue-1', severity: 1 }, { scope: 'bb', severity: 0 }] as Alert[];
const rowsOf = (scopes: Scope[], trends?: MetricsAnswer) => endpointRows(scopes, { totals, trends, alerts });

it('has of each endpoint what was answered, and null for the rest', () => {
  const [a, b] = rowsOf([scope('a'), scope('b')], trend([60, 60, 60, 60], [30, 30, 30, 30]));
  expect(a).toMatchObject({ requests: { now: 60, before: 30 }, errors: { now: 0.5, before: null }, p99: { now: null }, alerts: 0, severity: null, since: null });
  expect(b).toMatchObject({ errors: { now: 0 }, alerts: 1, severity: 1 }); // not that of bb
});

describe('a time that was measured in part', () => {
  it('has the rate of that part, and says since when', () => {
    const [a] = rowsOf([scope('a')], trend([null, 40, 200, 220], [null, null, null, null]));
    expect(a).toMatchObject({ requests: { now: 210, before: null }, since: 2000 });
  });

  it('is not compared with a time of which little is known', () => {
    const [a] = rowsOf([scope('a')], trend([60, 60, 60, 60], [null, null, null, 10]));
    expect(a?.requests).toEqual({ now: 60, before: null });
  });

  it('is compared with the rate of the part that is known', () => {
    const [a] = rowsOf([scope('a')], trend([60, 60, 60, 60], [null, 20, 50, 52]));
    expect(a?.requests).toEqual({ now: 60, before: 51 });
  });
});

it('knows the worst: alerts by severity, instances that are missing, errors', () => {
  const rows = rowsOf([scope('c'), scope('a'), scope('b'), { ...scope('d', 'missing'), missing: 1 }]);
  expect([...rows].sort((x, y) => badness(y) - badness(x)).map((r) => r.name)).toEqual(['b', 'd', 'a', 'c']);
});

it('does not know of alerts before it was told', () => {
  const [a] = endpointRows([scope('a')], { totals, trends: undefined, alerts: undefined });
  expect(a).toMatchObject({ alerts: null, severity: null });
  expect(filterRows(a === undefined ? [] : [a], '', 'alerts')).toEqual([]);
});

it('finds endpoints by what is below them, and by state', () => {
  const rows = rowsOf([scope('a', 'ready', [scope('blue')]), scope('b'), { ...scope('c'), ready: 0, missing: 2 }, { ...scope('d'), missing: 1 }]);
  const names = (text: string, state?: Parameters<typeof filterRows>[2]) => filterRows(rows, text, state).map((r) => r.name);
  expect(names(' BLU ')).toEqual(['a']);
  expect(names('')).toHaveLength(4);
  expect([names('', 'ready'), names('', 'alerts'), names('', 'silent'), names('', 'missing')]).toEqual([['a', 'b'], ['b'], ['c'], ['d']]);
});
