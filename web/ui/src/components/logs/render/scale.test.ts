import { expect, it } from 'vitest';
import { extent, ticks } from './scale';

it.each([
  [0, 10, 5, [0, 2, 4, 6, 8, 10]],
  [0, 0.3, 3, [0, 0.1, 0.2, 0.3]],
  [-5, 5, 4, [-5, 0, 5]],
  [95, 1234, 4, [500, 1000]],
  [3, 3, 4, [3]],
])('ticks from %d to %d', (low, high, most, want) => expect(ticks(low, high, most)).toEqual(want));

it.each([
  [[5, null, 9], true, [0, 9]],
  [[5, 9], false, [5, 9]],
  [[-2, 3], true, [-2, 3]],
  [[], true, [0, 1]],
  [[0], true, [0, 1]],
  [[50], false, [45, 55]],
] as const)('extent of %j', (values, zero, want) => expect(extent(values, zero)).toEqual(want));
