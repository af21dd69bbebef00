import { expect, it } from 'vitest';
import { filterRules, worst } from './rows';

const rules = [
  { name: 'well', kind: 'metric', enabled: true, severity: 0, scopes: ['fraud'], status: { health: 'ok', firing: 0 } },
  { name: 'fires', kind: 'metric', enabled: true, severity: 3, status: { health: 'ok', firing: 2 } },
  { name: 'fires worse', kind: 'log', enabled: true, severity: 1, status: { health: 'ok', firing: 1 } },
  { name: 'off', kind: 'metric', enabled: false, severity: 0, status: { health: 'disabled', firing: 3 } },
  { name: 'broken', kind: 'prometheus', enabled: true, status: { health: 'failing' } },
];
const names = (filter: Partial<Parameters<typeof filterRules>[1]>) => filterRules(rules, { find: '', kind: '', health: '', ...filter }).map((r) => r.name);

it('knows the worst', () => {
  expect([...rules].sort((a, b) => worst(b) - worst(a)).map((r) => r.name)).toEqual(['fires worse', 'fires', 'broken', 'well', 'off']);
});

it.each([
  [{}, ['well', 'fires', 'fires worse', 'off', 'broken']],
  [{ find: 'FRAUD' }, ['well']],
  [{ kind: 'log' }, ['fires worse']],
  [{ health: 'firing' }, ['fires', 'fires worse']],
  [{ health: 'disabled' }, ['off']],
  [{ health: 'failing' }, ['broken']],
  [{ health: 'ok', kind: 'metric' }, ['well', 'fires']],
])('%j', (filter, want) => {
  expect(names(filter)).toEqual(want);
});
