import { describe, expect, it } from 'vitest';
import { parseExposition, Readings } from './exposition';

const text = `# HELP a_total Things.
# TYPE a_total counter
a_total{code="200",route="x y"} 3
a_total{code="500",route="a\\"b\\\\c\\nd"} 1.5e2 1772359200000
b 0
c +Inf
broken{ 1
d nonsense
`;

describe('parseExposition', () => {
  it('reads names, labels with escapes, values and timestamps', () => {
    expect(parseExposition(text)).toEqual([
      { name: 'a_total', labels: { code: '200', route: 'x y' }, value: 3 },
      { name: 'a_total', labels: { code: '500', route: 'a"b\\c\nd' }, value: 150 },
      { name: 'b', labels: {}, value: 0 },
      { name: 'c', labels: {}, value: Number.POSITIVE_INFINITY },
    ]);
  });
});

describe('Readings', () => {
  const at = (n: number) => parseExposition(`a_total{code="200"} ${n}\na_total{code="500"} 1\n`);

  it('sums what has the labels', () => {
    const r = new Readings(parseExposition(text), undefined, 0);
    expect(r.value('a_total')).toBe(153);
    expect(r.value('a_total', { code: '200' })).toBe(3);
    expect(r.value('nothing')).toBeNull();
    expect(r.by('a_total', 'code')).toEqual([
      { labels: { code: '500' }, value: 150 },
      { labels: { code: '200' }, value: 3 },
    ]);
    expect(r.by('b', 'code')).toEqual([]);
  });

  it('tells rates between two times, also of what was not there before, and none over a restart', () => {
    expect(new Readings(at(30), at(10), 10).rate('a_total')).toBe(2);
    expect(new Readings(at(30), parseExposition('a_total{code="500"} 1'), 10).rate('a_total', { code: '200' })).toBe(3);
    expect(new Readings(at(30), undefined, 0).rate('a_total')).toBeNull();
    expect(new Readings([], at(30), 10).rate('a_total')).toBeNull();
    expect(new Readings(at(1), at(10), 10).rate('a_total', { code: '200' })).toBeNull();
  });
});
