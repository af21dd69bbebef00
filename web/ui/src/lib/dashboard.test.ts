import { describe, expect, test } from 'vitest';
import { freeId, freeName, nameOf, readDashboard, writeDashboard } from './dashboard';

const document = {
  name: 'gpus',
  title: 'GPUs at work',
  tags: ['gpu'],
  variables: [
    { name: 'endpoint', label: 'Endpoint', kind: 'endpoint', default: '*' },
    { name: 'how', kind: 'text', options: ['a', 'b'], default: 'a' },
  ],
  time: { last: '4h' },
  tiles: [
    { id: 't1', kind: 'chart', title: 'Requests', x: 0, y: 0, w: 6, h: 4, chart: { scopes: ['$endpoint/*'], metrics: [{ name: 'RequestsPerMinute', aggregation: 'Average' }], split: ['deployment'], top: 10, kind: 'line' } },
    { id: 't2', kind: 'logs', x: 6, y: 0, w: 6, h: 4, logs: { query: 'AmlOnlineEndpointTrafficLog | take 5', scopes: ['$endpoint'] } },
    { id: 't3', kind: 'text', x: 0, y: 4, w: 12, h: 2, text: '# Hello' },
  ],
};

describe('documents of dashboards', () => {
  test('come back as they were read', () => {
    expect(writeDashboard(readDashboard(document))).toEqual(document);
  });

  test('are written in the order in which people read them', () => {
    expect(Object.keys(writeDashboard(readDashboard(document)))).toEqual(['name', 'title', 'tags', 'variables', 'time', 'tiles']);
  });

  test('with fields of other types do not break the page', () => {
    expect(readDashboard({ name: 'x', tags: 'no', tiles: [null, { kind: 'chart', x: 'left' }] }).tiles.map((t) => t.kind)).toEqual(['text', 'chart']);
    expect(readDashboard(undefined).tiles).toEqual([]);
  });

  test('lose what a kind does not have: `of` of a text, options of a level', () => {
    const [a, b] = writeDashboard(readDashboard({ name: 'x', variables: [{ name: 'a', kind: 'text', of: 'b' }, { name: 'b', kind: 'endpoint', options: ['c'] }], tiles: [] })).variables as object[];
    expect(a).toEqual({ name: 'a', kind: 'text' });
    expect(b).toEqual({ name: 'b', kind: 'endpoint', default: '*' });
  });
});

test('names and ids that are free', () => {
  expect(freeId([{ id: 't1' }, { id: 't3' }])).toBe('t4');
  expect(freeId([])).toBe('t1');
  expect(freeName('a', ['b'])).toBe('a');
  expect(freeName('a', ['a', 'a-2'])).toBe('a-3');
  expect(nameOf('GPUs at work: übersicht!')).toBe('gpus-at-work-ubersicht');
});
