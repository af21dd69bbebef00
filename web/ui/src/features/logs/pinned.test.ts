import { expect, it } from 'vitest';
import { pinnedOf } from './pinned';

it.each([
  ['T | take 1', undefined, 'T', 'T | take 1'],
  ['// Slow ones\nT\n| take 1;\n', 'timechart', 'Slow ones', '// Slow ones\nT\n| take 1\n| render timechart'],
])('%j as %s', (query, chart, title, want) => {
  expect(pinnedOf(query, 'fraud', undefined, chart)).toEqual({ title, content: { kind: 'logs', logs: { query: want, scopes: ['fraud'] } } });
});

it('has the title of its render', () => expect(pinnedOf('T', '', 'Mine', undefined)).toMatchObject({ title: 'Mine', content: { logs: { scopes: [] } } }));
