import { expect, it } from 'vitest';
import type { Scope } from '@/api/types';
import { treeLines } from './tree';

const node = (scope: string, level: Scope['level'], children?: Scope[]): Scope => ({ scope, name: scope.split('/').at(-1) ?? '', level, state: 'ready', last_sample: '', ready: 1, missing: 0, gpus: 0, ...(children === undefined ? {} : { children }) });
const fleet = [node('credit', 'endpoint', [node('credit/blue', 'deployment', [node('credit/blue/b1', 'instance')])]), node('fraud', 'endpoint', [])];
const shown = (opened: string[], search = '') => treeLines(fleet, new Set(opened), search).map((l) => l.scope);

it('shows endpoints, and what is below those that are open', () => {
  expect(shown([])).toEqual(['*', '*/*', '*/*/*', 'credit', 'fraud']);
  expect(shown(['credit'])).toEqual(['*', '*/*', '*/*/*', 'credit', 'credit/*', 'credit/*/*', 'credit/blue', 'fraud']);
  expect(shown(['credit', 'credit/blue']).slice(6, 9)).toEqual(['credit/blue', 'credit/blue/*', 'credit/blue/b1']);
});

it('says what can be opened', () => {
  expect(treeLines(fleet, new Set(), '').map((l) => l.open)).toEqual([undefined, undefined, undefined, false, undefined]);
});

it('searches at every depth', () => {
  expect(shown([], 'b1')).toEqual(['credit/blue/b1']);
  expect(shown([], 'every')).toEqual(['*', '*/*', '*/*/*']);
});
