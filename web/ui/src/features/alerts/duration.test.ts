import { expect, it } from 'vitest';
import { isoWords, parseISO } from './duration';

it.each([
  ['PT15S', 15_000],
  ['PT5M', 300_000],
  ['PT1H30M', 5_400_000],
  ['P1D', 86_400_000],
  ['P1DT1H', 90_000_000],
  ['PT0S', 0],
])('%s', (text, want) => {
  expect(parseISO(text)).toBe(want);
});

it.each(['', 'P', 'PT', '5m', 'PT5', 'P1Y', undefined])('refuses %j', (text) => {
  expect(parseISO(text)).toBeUndefined();
});

it('says it in words', () => {
  expect(isoWords('PT90M').replace(/\u00a0/g, ' ')).toBe('1 h 30 min');
  expect(isoWords('soon')).toBe('soon');
});
