import { expect, it } from 'vitest';
import { joinAgents } from './queries';

it('has one row for each agent, with what it tells', () => {
  const metric = { endpoint: 'e', deployment: 'd', instance: 'i' };
  const rows = joinAgents({
    version: [
      { metric: { ...metric, version: '1.2.0' }, value: 1 },
      { metric: { ...metric, instance: 'j', revision: 'abc' }, value: 1 },
    ],
    lag: [{ metric, value: 3 }],
    spool: [{ metric: { ...metric, instance: 'gone' }, value: 3 }],
    dropped: [{ metric, value: Number.NaN }],
    lostRows: [{ metric, value: 7 }],
    memory: [],
    cpu: [],
  });
  expect(rows).toEqual([
    { scope: 'e/d/i', version: '1.2.0', lag: 3, spool: null, dropped: null, lostRows: 7, memory: null, cpu: null },
    { scope: 'e/d/j', version: 'abc', lag: null, spool: null, dropped: null, lostRows: null, memory: null, cpu: null },
  ]);
});
