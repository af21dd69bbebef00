/** What the page of logs is about besides its time, as its URL has it. */

import { useCallback, useEffect, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import type { GridSort } from '@/components/logs/arrange';
import { parseTimespan } from '@/lib/kql';
import { parseView, writeView } from '@/lib/urlstate';
import { useParamState } from '@/view/params';

export interface LogsView {
  /** The query that is asked; empty before the first. */
  query: string;
  scope: string;
  /** Whether the page's time bounds the rows, or only the query does. */
  bound: boolean;
  /** Which of several tables is shown. */
  table: number;
  /** Rows or a chart; undefined for what the query asks for. */
  shown: 'rows' | 'chart' | undefined;
  /** Kind of the chart; empty for the query's. */
  chart: string;
  sort: GridSort | undefined;
  find: string;
  filters: Readonly<Record<string, string>>;
  /** Columns to show; undefined for the usual ones. */
  columns: readonly string[] | undefined;
  /** Dynamic columns that are taken apart. */
  expanded: readonly string[];
}

export function parseLogsView(params: URLSearchParams): LogsView {
  const sort = params.get('sort');
  const shown = params.get('show');
  return {
    query: params.get('query') ?? '',
    scope: params.get('scope') ?? '',
    bound: params.get('time') !== 'query',
    table: Math.max(0, Number(params.get('result') ?? 0) || 0),
    shown: shown === 'rows' || shown === 'chart' ? shown : undefined,
    chart: params.get('chart') ?? '',
    sort: sort === null ? undefined : { column: sort.replace(/^-/, ''), descending: sort.startsWith('-') },
    find: params.get('find') ?? '',
    filters: Object.fromEntries(params.getAll('where').flatMap((f) => (f.includes(':') ? [[f.slice(0, f.indexOf(':')), f.slice(f.indexOf(':') + 1)]] : []))),
    columns: params.has('column') ? params.getAll('column') : undefined,
    expanded: params.getAll('expand'),
  };
}

/** Parameters that are about the answer of one query, and go when another is asked. */
const ofAnswer = ['result', 'show', 'chart', 'sort', 'find', 'where', 'column', 'expand'];

/** The page's view and how to change it. To ask is a step of the browser's history, to look differently at the answer is none. */
export function useLogsView() {
  const [params, setParams] = useSearchParams();
  const { set } = useParamState();
  const key = params.toString();
  const view = useMemo(() => parseLogsView(new URLSearchParams(key)), [key]);

  const ask = useCallback(
    (query: string, scope: string) =>
      setParams((before) => {
        const next = new URLSearchParams(before);
        if (scope === '') next.delete('scope');
        else next.set('scope', scope);
        if (next.get('query') !== query) for (const name of ofAnswer) next.delete(name);
        next.set('query', query);
        return next;
      }),
    [setParams],
  );

  const change = useCallback(
    (part: Partial<LogsView>) => {
      const out: Record<string, string | string[] | null> = {};
      if (part.scope !== undefined) out.scope = part.scope;
      if (part.bound !== undefined) out.time = part.bound ? null : 'query';
      if (part.table !== undefined) Object.assign(out, { result: part.table === 0 ? null : String(part.table), sort: null, where: null, column: null, expand: null });
      if ('shown' in part) out.show = part.shown ?? null;
      if (part.chart !== undefined) out.chart = part.chart;
      if ('sort' in part) out.sort = part.sort === undefined ? null : `${part.sort.descending ? '-' : ''}${part.sort.column}`;
      if (part.find !== undefined) out.find = part.find;
      if (part.filters !== undefined) out.where = Object.entries(part.filters).flatMap(([column, text]) => (text === '' ? [] : [`${column}:${text}`]));
      if ('columns' in part) out.column = part.columns === undefined ? null : [...part.columns];
      if (part.expanded !== undefined) out.expand = [...part.expanded];
      set(out);
    },
    [set],
  );

  // Links of alerts give the time as the API does.
  useEffect(() => {
    setParams(
      (before) => {
        const range = parseTimespan(before.get('timespan') ?? '');
        if (!before.has('timespan')) return before;
        const next = range === undefined ? new URLSearchParams(before) : writeView(before, { ...parseView(before), range, refresh: 0 });
        next.delete('timespan');
        return next;
      },
      { replace: true },
    );
  }, [setParams, key]);

  return { view, ask, change };
}
