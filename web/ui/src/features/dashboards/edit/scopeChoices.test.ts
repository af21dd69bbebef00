import { expect, test } from 'vitest';
import type { Variable } from '@/lib/dashboard';
import { scopeChoices } from './scopeChoices';

const variable = (name: string, kind: Variable['kind'], of = ''): Variable => ({ name, label: '', kind, of, options: [], default: '*' });

test('scopes of variables come first, then patterns, then what there is', () => {
  const variables = [variable('e', 'endpoint'), variable('d', 'deployment', 'e'), variable('i', 'instance', 'd'), variable('t', 'text')];
  const tree = [{ scope: 'fraud', name: 'fraud', children: [{ scope: 'fraud/blue', name: 'blue' }] }];
  expect(scopeChoices(variables, tree)).toEqual(['$e', '$e/*', '$e/*/*', '$e/$d', '$e/$d/*', '$e/$d/$i', '*', '*/*', '*/*/*', 'fraud', 'fraud/*', 'fraud/blue']);
  expect(scopeChoices([variable('d', 'deployment'), variable('i', 'instance')], [])).toEqual(['*/$d', '*/$d/*', '*/*/$i', '*', '*/*', '*/*/*']);
});
