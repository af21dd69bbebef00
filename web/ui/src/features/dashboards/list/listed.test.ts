import { expect, test } from 'vitest';
import { listed, matching, tagsOf } from './listed';

const all = [
  listed({ name: 'gpus', title: 'GPUs at work', description: 'Memory and power', tags: ['gpu', 'fleet'], tiles: [{}, {}], lastUpdatedTime: '2026-01-01T00:00:00Z', updatedBy: 'ann' }),
  listed({ name: 'traffic', tags: ['fleet'], provisioned: true, source: 'builtin', updatedBy: 'system' }),
];
const names = (search: string, tag = '') => matching(all, search, tag).map((d) => d.name);

test('a list is searched by every word, and by tag', () => {
  expect(names('')).toEqual(['gpus', 'traffic']);
  expect(names('memory GPUs')).toEqual(['gpus']);
  expect(names('memory traffic')).toEqual([]);
  expect(names('', 'fleet')).toEqual(['gpus', 'traffic']);
  expect(names('', 'gpu')).toEqual(['gpus']);
  expect(tagsOf(all)).toEqual(['fleet', 'gpu']);
});

test('who changed it: a person; of a provisioned one its source is told elsewhere', () => {
  expect(all[0]).toMatchObject({ by: 'ann', tiles: 2, changed: Date.UTC(2026, 0, 1), provisioned: false });
  expect(all[1]).toMatchObject({ by: '', source: 'builtin', tiles: 0, changed: undefined, provisioned: true });
});
