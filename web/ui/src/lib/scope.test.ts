import { expect, it } from 'vitest';
import { disjoint } from './scope';

it.each([
  [['a', 'a/blue'], ['a']],
  [['a/blue', 'a'], ['a']],
  [['a/blue', 'a/green'], ['a/blue', 'a/green']],
  [['*', 'a/blue/1', 'b'], ['*']],
  [['a/*', 'a/blue/1', 'b/blue'], ['a/*', 'b/blue']],
  [['a', 'a'], ['a']],
  [['a', 'ab/c'], ['a', 'ab/c']],
])('counts nothing twice in %j', (scopes, want) => expect(disjoint(scopes)).toEqual(want));
