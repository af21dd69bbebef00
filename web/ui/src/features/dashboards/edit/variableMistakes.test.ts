import { expect, test } from 'vitest';
import type { Variable } from '@/lib/dashboard';
import { possibleAbove, variableMistakes } from './variableMistakes';

const variable = (name: string, kind: Variable['kind'], of = ''): Variable => ({ name, label: '', kind, of, options: [], default: '' });

test('variables that the server would refuse are told at once', () => {
  const f = (...list: Variable[]) => variableMistakes(list).map((m) => m !== undefined);
  expect(f(variable('a', 'endpoint'), variable('b', 'deployment', 'a'))).toEqual([false, false]);
  expect(f(variable('', 'text'), variable('1a', 'text'), variable('left', 'text'), variable('ok', 'text'), variable('ok', 'text'))).toEqual([true, true, true, false, true]);
  expect(f(variable('a', 'deployment'), variable('b', 'endpoint', 'a'))).toEqual([false, true]);
});

test('only earlier variables of a level above narrow a choice', () => {
  const list = [variable('e', 'endpoint'), variable('t', 'text'), variable('d', 'deployment'), variable('i', 'instance')];
  expect(possibleAbove(list, 3)).toEqual(['e', 'd']);
  expect(possibleAbove(list, 1)).toEqual([]);
  expect(possibleAbove(list, 0)).toEqual([]);
});
