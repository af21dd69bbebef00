import { expect, it } from 'vitest';
import type { LogTable } from '@/components/logs/answer';
import { rowLinks } from './links';

const columns = (names: string[]) => names.map((name) => ({ name, type: name === 'TimeGenerated' ? 'datetime' : 'string' }));
const at = '2026-03-01T10:00:30.5Z';

function linksOf(row: Record<string, string | number>) {
  const table: LogTable = { name: 'T', columns: columns(Object.keys(row)), rows: [] };
  return rowLinks(table, Object.values(row));
}

it('leads from a request to its lines, events, metrics and the request elsewhere', () => {
  const got = linksOf({ TimeGenerated: at, EndpointName: 'fraud', DeploymentName: 'blue', InstanceId: 'blue-7', ResponseCode: 500, XRequestId: 'a"b' });
  expect(got.map((l) => l.label)).toEqual(['Console lines', 'Events', 'Metrics', 'This request everywhere']);
  expect(got[0]?.params).toEqual({ query: 'AmlOnlineEndpointConsoleLog\n| order by TimeGenerated asc', scope: 'fraud/blue/blue-7', start: '2026-03-01T09:59:30.500Z', end: '2026-03-01T10:01:30.500Z' });
  expect(got[2]).toMatchObject({ to: '/endpoints/fraud/blue/blue-7', params: { start: '2026-03-01T09:58:00Z', end: '2026-03-01T10:03:00Z' } });
  expect(got[3]?.params.query).toContain('XRequestId == "a\\"b"');
  expect(got[3]?.params).not.toHaveProperty('scope');
});

it('leads from a line to the requests of its instance', () => {
  expect(linksOf({ TimeGenerated: at, EndpointName: 'fraud', DeploymentName: 'blue', InstanceId: 'blue-7', Message: 'x' }).map((l) => l.label)).toEqual(['Requests', 'Events', 'Metrics']);
});

it.each([
  [{ EndpointName: 'fraud' }, 0],
  [{ TimeGenerated: at, count_: 5 }, 0],
  [{ TimeGenerated: at, EndpointName: 'fraud' }, 3],
])('%j leads to %d places', (row, want) => expect(linksOf(row)).toHaveLength(want));
