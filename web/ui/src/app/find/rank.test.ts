import { describe, expect, it } from 'vitest';
import { find, score, type Entry } from './rank';

const entry = (kind: Entry['kind'], label: string, what = '', words = ''): Entry => ({ kind, id: label, label, what, words, to: '/' });

const all = [
  entry('page', 'Alerts'),
  entry('scope', 'fraud', 'endpoint'),
  entry('scope', 'fraud/blue', 'deployment'),
  entry('scope', 'fraud/blue/blue-1', 'instance'),
  entry('metric', 'RequestLatency_P99', 'milliseconds', 'Request Latency P99'),
  entry('metric', 'RequestsPerMinute', 'count', 'Requests Per Minute'),
  entry('rule', 'latency~fraud', 'fraud'),
];
const found = (text: string) => find(all, text).map((g) => [g.kind, ...g.entries.map((e) => e.label)]);

describe('find', () => {
  it('needs every word, in any order', () => {
    expect(found('p99 lat')).toEqual([['metric', 'RequestLatency_P99']]);
    expect(found('blue-1')).toEqual([['scope', 'fraud/blue/blue-1']]);
    expect(found('nothing')).toEqual([]);
  });

  it('has the best kind first, and in it the best', () => {
    expect(found('fraud')).toEqual([
      ['scope', 'fraud', 'fraud/blue', 'fraud/blue/blue-1'],
      ['rule', 'latency~fraud'],
    ]);
    expect(found('latency')).toEqual([
      ['rule', 'latency~fraud'],
      ['metric', 'RequestLatency_P99'],
    ]);
  });

  it('shows pages and scopes before anything is written', () => {
    expect(found(' ').map(([kind]) => kind)).toEqual(['page', 'scope']);
  });

  it('says how many are left out', () => {
    const many = [entry('page', 'b-1'), ...Array.from({ length: 40 }, (_, i) => entry('scope', `b-${i}`))];
    expect(find(many, 'b').find((g) => g.kind === 'scope')).toMatchObject({ more: 34 });
    expect(find(many.slice(1), 'b')[0]).toMatchObject({ more: 10 });
  });
});

describe('score', () => {
  it.each([
    ['the whole before its beginning', 'fraud', 'fraud', 'fraudulent'],
    ['a beginning before the inside', 'lat', 'latency', 'translate'],
    ['the beginning of a word before the inside', 'lat', 'RequestLatency', 'translatexxxxxx'],
    ['a short name before a long one', 'bl', 'blue', 'blue-something'],
  ])('ranks %s', (_, word, better, worse) => {
    expect(score(entry('scope', better), [word])).toBeGreaterThan(score(entry('scope', worse), [word]));
  });
});
