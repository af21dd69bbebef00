import { expect, test } from 'vitest';
import type { Variable } from '@/lib/dashboard';
import { optionsFor } from './VariablesBar';

const variable = (kind: Variable['kind']): Variable => ({ name: 'v', label: '', kind, of: '', options: [], default: '' });
const labels = (kind: Variable['kind'], value: string, choices: string[], loading = false) => optionsFor(variable(kind), value, choices, loading).map((o) => o.label);

test('the choice has all first, and a value that is not there any more, which says so', () => {
  expect(labels('endpoint', '*', ['a'])).toEqual(['All endpoints', 'a']);
  expect(labels('endpoint', 'gone', ['a'])).toEqual(['All endpoints', 'a', 'gone (not there)']);
  expect(labels('endpoint', 'gone', [], true)).toEqual(['All endpoints', 'gone']);
  expect(labels('text', '', ['a'])).toEqual(['a', '(empty)']);
});
