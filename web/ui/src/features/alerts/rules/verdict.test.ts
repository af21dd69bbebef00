import { expect, it } from 'vitest';
import { criterionViews, firings } from '../previewModel';
import type { Preview } from '../types';
import { firedText } from './verdict';

const at = (m: number) => new Date(Date.UTC(2026, 2, 1, 10, m)).toISOString();
const steps = (length: number) => [...Array(length).keys()];

/** A preview of checks a minute apart that fired at some of them and resolved at others. */
function preview(values: (number | null)[], [from, until]: [number, number?], more: Partial<Preview> = {}): Preview {
  const event = (m: number, state: 'fired' | 'resolved') => ({ scope: 'e', dimensions: {}, state, at: at(m), value: values[m] ?? null });
  return {
    start: at(0),
    end: at(values.length - 1),
    series: [{ scope: 'e', criterion: 'c', dimensions: {}, timestamps: steps(values.length).map(at), values, lower: null, upper: values.map(() => 5) }],
    events: [event(from, 'fired'), ...(until === undefined ? [] : [event(until, 'resolved')])],
    notifications: 2,
    warnings: [],
    ...more,
  };
}

const text = (p: Preview) => firedText(p, criterionViews(p), firings(p)).replace(/\u00a0/g, ' ');
const none = (n: number) => steps(n).map(() => null);
const nine = (n: number) => steps(n).map(() => 9);

it.each<[string, Preview, string]>([
  ['data all the time', preview(nine(11), [0, 5]), 'Fired for 5 min in all (50 % of the time)'],
  ['data since a while, fired at every check that had some', preview([...none(15), ...nine(6)], [15]), 'Fired for 5 min in all (100 % of the time with data)'],
  ['still fired when the data ended', preview([...nine(10), ...none(11)], [5, 12]), 'Fired for 7 min in all, 2 min of it without data (50 % of the time with data)'],
  ['fired since there were none', preview(none(11), [5]), 'Fired for 5 min in all, 5 min of it without data'],
  ['series left out', preview(nine(11), [0, 5], { seriesTotal: 50 }), 'Fired for 5 min in all (50 % of the time)'],
  ['series left out that may have had data', preview([...none(15), ...nine(6)], [15], { seriesTotal: 50 }), 'Fired for 5 min in all'],
])('%s', (_, p, want) => {
  expect(text(p)).toBe(want);
});

it('says no share of an alert whose values are there only while it is true', () => {
  const p = preview([...none(5), ...nine(6)], [5]);
  expect(text({ ...p, series: p.series.map((s) => ({ ...s, upper: null })) })).toBe('Fired for 5 min in all');
});
