import { expect, it, vi } from 'vitest';
import { api } from '@/api/client';
import { askAgents, joinAgents } from './queries';

vi.mock('@/api/client', async (actual) => ({ ...(await actual<object>()), api: vi.fn() }));

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
    { scope: 'e/d/i', name: 'e/d/i', version: '1.2.0', lag: 3, spool: null, dropped: null, lostRows: 7, memory: null, cpu: null },
    { scope: 'e/d/j', name: 'e/d/j', version: 'abc', lag: null, spool: null, dropped: null, lostRows: null, memory: null, cpu: null },
  ]);
});

it('has a row for each of the agents that one instance has', () => {
  const one = { endpoint: 'e', deployment: 'd', instance: 'i' };
  const two = { ...one, container: 'mount' };
  const rows = joinAgents({
    version: [{ metric: { ...one, version: '1' }, value: 1 }, { metric: { ...two, version: '2' }, value: 1 }],
    lag: [],
    spool: [],
    dropped: [],
    lostRows: [],
    memory: [{ metric: one, value: 10 }, { metric: two, value: 20 }],
    cpu: [],
  });
  expect(rows.map((r) => [r.name, r.scope, r.version, r.memory])).toEqual([
    ['e/d/i', 'e/d/i', '1', 10],
    ['e/d/i · mount', 'e/d/i', '2', 20],
  ]);
});

it('lets what an agent told last grow older, and keeps agents apart', async () => {
  const asked: string[] = [];
  const get = (_path: string, { params }: { params: { query: { query: string } } }) => {
    asked.push(params.query.query);
    return Promise.resolve({ data: { data: { result: [] } }, response: new Response() });
  };
  vi.mocked(api).mockReturnValue({ GET: get } as unknown as ReturnType<typeof api>);
  expect(await askAgents(new AbortController().signal)).toEqual([]);
  expect(asked.find((q) => q.includes('oldest_age'))).toContain('+ (time() - max by (endpoint, deployment, instance, container) (timestamp(agent_spool_oldest_age_seconds)))');
  const sums = asked.filter((q) => q.includes(' by '));
  expect(sums).toHaveLength(6);
  expect(sums.every((q) => q.includes('by (endpoint, deployment, instance, container)'))).toBe(true);
});
