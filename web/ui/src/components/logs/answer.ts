/** Answers of /api/v1/logs/query as the components of logs take them. */

import type { components } from '@/api/schema';

/** A value as JSON has it. Datetimes, timespans, decimals and dynamics are texts; see the type of their column. */
export type Cell = string | number | boolean | null;

export interface LogColumn {
  name: string;
  type: string;
}

export type LogRow = readonly Cell[];

export interface LogTable {
  name: string;
  columns: readonly LogColumn[];
  rows: readonly LogRow[];
}

/** The chart that a query asks for; what it does not say is null. */
export interface LogRender {
  visualization: string;
  title: string | null;
  xColumn: string | null;
  yColumns: readonly string[] | null;
  series: readonly string[] | null;
  kind: string | null;
  xTitle: string | null;
  yTitle: string | null;
}

export interface LogAnswer {
  tables: readonly LogTable[];
  /** Seconds that the query took on the server, and rows that it read. */
  statistics: { seconds: number; scanned: number } | undefined;
  render: LogRender | undefined;
  /** Why it is not whole. */
  cut: string | undefined;
}

export function readAnswer(raw: components['schemas']['LogsAnswer']): LogAnswer {
  return {
    tables: raw.tables.map((t) => ({ name: t.name, columns: t.columns, rows: t.rows as Cell[][] })), // of these kinds alone, says the API
    statistics: readStatistics(raw.statistics),
    render: readRender(raw.render),
    cut: raw.error?.message,
  };
}

const member = (value: unknown, name: string): unknown => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined);
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
const texts = (value: unknown) => (Array.isArray(value) ? value.filter((v): v is string => typeof v === 'string') : null);

function readStatistics(value: unknown): LogAnswer['statistics'] {
  const query = member(value, 'query');
  const [seconds, scanned] = [member(query, 'executionTime'), member(member(member(query, 'inputDatasetStatistics'), 'rows'), 'scanned')];
  return typeof seconds === 'number' && typeof scanned === 'number' ? { seconds, scanned } : undefined;
}

function readRender(value: unknown): LogRender | undefined {
  const visualization = text(member(value, 'visualization'));
  if (visualization === null) return undefined;
  return {
    visualization,
    title: text(member(value, 'title')),
    xColumn: text(member(value, 'xColumn')),
    yColumns: texts(member(value, 'yColumns')),
    series: texts(member(value, 'series')),
    kind: text(member(value, 'kind')),
    xTitle: text(member(value, 'xTitle')),
    yTitle: text(member(value, 'yTitle')),
  };
}
