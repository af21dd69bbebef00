import { expect, it } from 'vitest';
import { mistakesAt } from './useResourceForm';

const mistakes = [
  { field: 'criteria.allOf[0].threshold', rule: 'is required' },
  { field: 'criteria.allOf[0].dimensions[1].name', rule: 'is unknown' },
  { field: 'criteria.allOf[10].threshold', rule: 'is too large' },
  { field: 'name' },
];

it.each([
  ['criteria.allOf[0].threshold', 'is required'],
  ['criteria.allOf[0].dimensions', 'is unknown'],
  ['criteria.allOf[1]', undefined],
  ['name', ''],
  ['nam', undefined],
])('%s: %s', (field, want) => {
  expect(mistakesAt(mistakes, field)).toBe(want);
});
