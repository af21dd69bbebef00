import { expect, it, vi } from 'vitest';
import type { MetricsAnswer } from '@/api/types';
import { defaultView } from '@/lib/urlstate';
import { membersOf, useFamily, useTrends } from './family';
import { traitsOf } from './verdicts/difference';

// What is asked is all that matters here.
vi.mock('@/api/hooks', () => ({ useMetrics: (question: object) => question }));

type Values = (number | null)[];

const [start, end] = ['2026-03-01T10:00:00Z', '2026-03-01T11:00:00Z'];
const line = (name: string, values: Values, before: Values) => ({ scope: `e/d/${name}`, metric: 'RequestsPerMinute', values, compare: { values: before } });
const answer = (...series: ReturnType<typeof line>[]) => ({ start, end, timestamps: Array.from({ length: 4 }, (_, i) => i), partial_from: null, series }) as unknown as MetricsAnswer;

it('has the rates of the time that was measured of each member, now and before', () => {
  const family = answer(line('old', [100], [60]), line('new', [10], [null]));
  const trends = answer(line('old', [100, 100, 100, 100], [null, 40, 100, 100]), line('new', [null, null, 20, 100], [null, null, null, null]));
  const [old, added] = membersOf(family, trends);
  expect([old?.readings('RequestsPerMinute'), added?.readings('RequestsPerMinute')]).toEqual([
    { now: 100, before: 100 },
    { now: 100, before: null },
  ]);
  // How many there were is another matter.
  expect([old?.requests, added?.requests]).toEqual([6000, 600]);
  expect(old === undefined || added === undefined ? [] : traitsOf(added, [old])).toMatchObject([{ metric: 'RequestsPerMinute', value: 100, others: 100, striking: false }]);
});

it.each([
  ['e', ''],
  ['e/d', '1d'],
  ['e/d/i', ''],
])('asks over time for the same scopes, against the same time before: %s %s', (scope, compare) => {
  const [family, trends] = [useFamily(scope, { ...defaultView, compare }), useTrends(scope, { ...defaultView, compare })] as unknown as Record<string, unknown>[];
  expect([trends?.scope, trends?.compare]).toEqual([family?.scope, compare || 'previous']);
  expect(trends?.metric).toEqual(expect.arrayContaining(['RequestsPerMinute', 'GpuThrottleRatio']));
});
