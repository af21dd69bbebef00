import { expect, it } from 'vitest';
import { isAt, places } from './places';

const at = (pathname: string) => places.filter((p) => isAt(p, pathname)).map((p) => p.label);

it('knows to which place a path belongs', () => {
  expect(at('/')).toEqual(['Overview']);
  expect(at('/endpoints/a/b')).toEqual(['Overview']);
  expect(at('/compare')).toEqual(['Overview']);
  expect(at('/alerts/rules/new')).toEqual(['Alerts']);
  expect(at('/logsome')).toEqual([]);
});

it('has a key of its own for each place', () => {
  expect(new Set(places.map((p) => p.key)).size).toBe(places.length);
});
