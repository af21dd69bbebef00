import { expect, it } from 'vitest';
import { namesOf } from './names';

it.each([
  [['a/blue', 'a/green'], ['blue', 'green']],
  [['a', 'b'], ['a', 'b']],
  [['a/blue', 'b/blue'], ['a/blue', 'b/blue']],
  [['a', 'a/blue'], ['a', 'a/blue']],
])('%j are %j', (scopes, names) => expect(namesOf(scopes)).toEqual(names));
