import { describe, expect, it } from 'vitest';
import { criterionViews, firedTime, firings, onlySeries, whereText } from './previewModel';
import type { Preview } from './types';

const at = (m: number) => `2026-03-01T10:0${m}:00Z`;
const ms = (m: number) => Date.parse(at(m));

const preview: Preview = {
  start: at(0),
  end: at(5),
  series: [
    { scope: 'e/b/1', criterion: 'c', dimensions: { endpoint: 'e', deployment: 'b', instance: '1' }, timestamps: [at(0), at(1), at(2)], values: [9, 9, null], lower: null, upper: [5, 5, 5] },
    { scope: 'e/b/2', criterion: 'c', dimensions: { endpoint: 'e', deployment: 'b', instance: '2', gpu: '0' }, timestamps: [at(1), at(2)], values: [1, 8], lower: null, upper: [5, 5] },
  ],
  events: [
    { scope: 'e/b/2', dimensions: { gpu: '0' }, state: 'fired', at: at(2), value: 8 },
    { scope: 'e/b/1', dimensions: {}, state: 'fired', at: at(3), value: null },
    { scope: 'e/b/2', dimensions: { gpu: '0' }, state: 'resolved', at: at(4), value: 1 },
  ],
  notifications: 3,
  warnings: [],
};

it('pairs what fired with its end', () => {
  expect(firings(preview).map((f) => [f.scope, f.at, f.until, f.value])).toEqual([
    ['e/b/2', ms(2), ms(4), 8],
    ['e/b/1', ms(3), null, null],
  ]);
});

it('counts time once in which several were fired', () => {
  expect(firedTime(firings(preview), ms(5))).toBe(3 * 60_000);
  expect(firedTime([], ms(5))).toBe(0);
});

describe('criterionViews', () => {
  it('puts series on one time axis, those that fired first', () => {
    const [view] = criterionViews(preview);
    expect(view?.times).toEqual([ms(0), ms(1), ms(2)]);
    expect(view?.series.map((s) => [s.label, s.values, s.fired])).toEqual([
      ['1', [9, 9, null], 1],
      ['2 · gpu 0', [null, 1, 8], 1],
    ]);
  });

  it('knows bounds that never change, from those that were learned', () => {
    expect(criterionViews(preview)[0]?.fixed).toEqual([5]);
    const learned = preview.series.map((s) => ({ ...s, upper: s.values.map((_, i) => (i === 0 ? null : 5)) }));
    expect(criterionViews({ ...preview, series: learned })[0]?.fixed).toBeNull();
  });

  it('has no charts without series', () => {
    expect(criterionViews({ ...preview, series: [], events: [] })).toEqual([]);
  });
});

it('keeps only what is about one target, or all where nothing is', () => {
  const one = onlySeries(preview, 'e/b/2', { gpu: '0' });
  expect([one.series.length, one.events.length]).toEqual([1, 2]);
  expect(onlySeries(preview, 'x', {})).toBe(preview);
});

describe('series of Prometheus rules', () => {
  const labels = (instance: string, alertname = 'A') => ({ alertname, severity: 'page', endpoint: 'e', instance });
  const one = (instance: string) => ({ criterion: 'A', dimensions: labels(instance), timestamps: [at(0)], values: [1], lower: null, upper: [5] });
  const group: Preview = {
    ...preview,
    series: [one('1'), one('2')],
    events: [
      { dimensions: labels('1'), state: 'fired', at: at(1), value: 1 },
      { dimensions: labels('2'), state: 'fired', at: at(2), value: 2 },
      { dimensions: labels('2', 'B'), state: 'fired', at: at(2), value: 2 },
      { dimensions: labels('2'), state: 'resolved', at: at(3), value: null },
    ],
  };

  it('are told apart by all of their labels', () => {
    expect(firings(group).map((f) => [f.dimensions.instance, f.dimensions.alertname, f.until])).toEqual([
      ['1', 'A', null],
      ['2', 'A', ms(3)],
      ['2', 'B', null],
    ]);
  });

  it('are called by what differs between them', () => {
    expect(criterionViews(group)[0]?.series.map((s) => [s.label, s.fired])).toEqual([
      ['1', 1],
      ['2', 1],
    ]);
    expect(criterionViews({ ...group, series: [one('1')] })[0]?.series[0]?.label).toBe('A');
  });

  it('fire at their place, with what not all have', () => {
    expect(group.events.map((e) => whereText(e, group.series))).toEqual(['e/1', 'e/2', 'e/2, alertname B', 'e/2']);
    expect(whereText({ dimensions: { alertname: 'A' } }, [{ dimensions: { alertname: 'A' } }])).toBe('A');
    expect(whereText({ scope: 'e/b', dimensions: { endpoint: 'e', deployment: 'b', code: '' } }, [])).toBe('e/b, code (none)');
  });
});
