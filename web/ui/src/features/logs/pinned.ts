/** A query as a tile of a dashboard. */

import type { Pinned } from '@/panels/pin/usePin';

/** The tile of a query; a chart that somebody chose for its rows is written into it, since tiles are drawn as their query says. */
export function pinnedOf(query: string, scope: string, title: string | null | undefined, chart: string | undefined): Pinned {
  const drawn = chart === undefined ? query : `${query.replace(/[\s;]+$/, '')}\n| render ${chart}`;
  return { title: title ?? titleFor(query), content: { kind: 'logs', logs: { query: drawn, scopes: scope === '' ? [] : [scope] } } };
}

/** What a query may be called: its first comment, or its table. */
function titleFor(query: string): string {
  const lines = query.split('\n').map((line) => line.trim());
  const comment = lines.find((line) => line.startsWith('//') && line.replace(/^\/+/, '').trim() !== '');
  const first = lines.find((line) => line !== '' && !line.startsWith('//')) ?? '';
  return (comment?.replace(/^\/+\s*/, '') ?? /^\w+/.exec(first)?.[0] ?? 'Query').slice(0, 120);
}
