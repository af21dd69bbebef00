/** Where a row of logs leads: other rows of its instance, its request, its metrics. */

import type { LogRow, LogTable } from '@/components/logs/answer';
import { columnNamed, firstTime } from '@/components/logs/columns';
import { quote } from '@/lib/kql';
import { scopePath } from '@/lib/scope';
import { formatUTC, minute } from '@/lib/time';

export interface RowLink {
  label: string;
  hint: string;
  to: string;
  params: Record<string, string>;
}

const traffic = 'AmlOnlineEndpointTrafficLog';
const consoleLog = 'AmlOnlineEndpointConsoleLog';
const events = 'AmlOnlineEndpointEventLog';

/** The links of a row, as far as its columns name its time, its scope and its request. */
export function rowLinks(table: LogTable, row: LogRow): RowLink[] {
  const value = (name: string) => {
    const found = columnNamed(table, name);
    const cell = found === undefined ? null : row[found.index];
    return typeof cell === 'string' ? cell : '';
  };
  const at = Date.parse(value('TimeGenerated') || value(firstTime(table)?.name ?? ''));
  if (Number.isNaN(at)) return [];
  const scope = scopeOf(value('EndpointName'), value('DeploymentName'), value('InstanceId'));
  const request = value('XRequestId');
  const out: RowLink[] = [];
  const rows = (label: string, hint: string, query: string, around: number, of = scope) =>
    out.push({ label, hint, to: '/logs', params: { query, ...(of === '' ? {} : { scope: of }), ...span(at - around, at + around) } });
  if (scope !== '') {
    const whose = scope.split('/').length === 3 ? 'instance' : 'same scope';
    const isTraffic = columnNamed(table, 'ResponseCode') !== undefined;
    if (isTraffic) rows('Console lines', `What the ${whose} printed within a minute of it`, `${consoleLog}\n| order by TimeGenerated asc`, minute);
    else rows('Requests', `Requests of the ${whose} within a minute of it`, `${traffic}\n| order by TimeGenerated asc`, minute);
    rows('Events', `What happened to the ${whose} within a quarter of an hour of it`, `${events}\n| order by TimeGenerated asc`, 15 * minute);
    // The minute, with two on either side to compare it with.
    const start = Math.floor(at / minute) * minute;
    out.push({ label: 'Metrics', hint: `Metrics of ${scope} in this minute and two on either side`, to: scopePath(scope), params: span(start - 2 * minute, start + 3 * minute) });
  }
  if (request !== '') {
    const query = [
      `union withsource = Table ${traffic}, ${consoleLog}`,
      `| where XRequestId == ${quote(request)} or Message has ${quote(request)}`,
      '| order by TimeGenerated asc',
    ].join('\n');
    rows('This request everywhere', 'Every row and line that has the id of the request', query, 15 * minute, '');
  }
  return out;
}

function scopeOf(endpoint: string, deployment: string, instance: string): string {
  if (endpoint === '') return '';
  if (deployment === '') return endpoint;
  return [endpoint, deployment, instance].filter((part) => part !== '').join('/');
}

const span = (start: number, end: number) => ({ start: formatUTC(start), end: formatUTC(end) });
