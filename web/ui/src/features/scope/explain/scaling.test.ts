import { expect, it } from 'vitest';
import type { Explanation } from '@/api/types';
import { scalingOf } from './scaling';

const base: Explanation = { metric: 'RequestsPerMinute', aggregation: 'total', unit: 'Count', scope: 'fraud', start: '2026-03-01T15:25:00Z', end: '2026-03-01T15:35:00Z', baseline: { start: '2026-03-01T15:24:00Z', end: '2026-03-01T15:25:00Z' }, before: 60, after: 4, change: -56, path: [], contributions: [], related: [], verdict: 'single cause', explanation: '', warnings: [] };
const said = (change: Partial<Explanation>) => scalingOf({ ...base, ...change }, 'Count');

it('says what was counted where a total was brought to another length', () => {
  expect(said({})).toBe(' in as long a time (6 counted)');
  expect(said({ aggregation: 'count' })).toBe(' in as long a time (6 counted)');
  expect(said({ warnings: ['data cover only 30s of the 1m of the baseline'] })).toBe(' in as long a time');
});

it('says nothing of what was not', () => {
  expect(said({ aggregation: 'average' })).toBe('');
  expect(said({ before: null })).toBe('');
  expect(said({ baseline: { start: '2026-03-01T15:15:00Z', end: '2026-03-01T15:25:00Z' } })).toBe('');
});
