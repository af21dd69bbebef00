/** From the rows of an answer to what is drawn. */

import { coloursFor, type Colour } from '@/lib/palette';
import { formatInstant, type Span } from '@/lib/time';
import type { ChartData, ChartKind, ChartSeries } from '../../chart/model';
import type { Cell, LogColumn, LogRender, LogRow, LogTable } from '../answer';
import { cellNumber, cellText, isDynamic, isTime, timespanMs, timeText } from '../cells';
import { binWidth } from './bins';
import type { ChartName } from './chartkinds';
import { flattenArrays, mostRows } from './flatten';
import { pick, type Picked } from './pick';
import { unitOfColumn } from './units';

export interface Categories {
  /** What stands along the axis, in the order of the rows. */
  names: readonly string[];
  series: readonly { label: string; colour: Colour; unit: string; values: readonly (number | null)[] }[];
  stacked: boolean;
}

export interface Points {
  series: readonly { label: string; colour: Colour; points: readonly (readonly [number, number])[] }[];
  xUnit: string;
  yUnit: string;
  xTitle: string;
  joined: boolean;
}

export type Drawing =
  | { kind: 'time'; chart: ChartKind; data: ChartData }
  | { kind: 'columns' | 'bars' | 'pie'; data: Categories }
  | { kind: 'points'; data: Points }
  | { kind: 'card'; values: readonly { label: string; cell: Cell; unit: string }[] }
  | { kind: 'none'; why: string };

export interface Drawn {
  drawing: Drawing;
  /** What is left out, or drawn otherwise than asked. */
  notes: readonly string[];
}

const mostSeries = 50;
const mostNames = 200;

/** What a chart of the rows shows. The span is that of the question, which a chart over time covers; the query says how wide its bins are. */
export function draw(given: LogTable, chart: ChartName, render: LogRender | undefined, span: Span | undefined, utc: boolean, query = ''): Drawn {
  const table = flattenArrays(given);
  if (table.rows.length === 0) return none('There are no rows to draw.');
  if (chart === 'card') return card(table);
  const picked = pick(table, chart, render);
  const { x, ys } = picked;
  if (x === undefined) return none('There is no column to draw along.');
  if (ys.length === 0) return none('A chart needs a column of numbers, such as summarize count() by bin(TimeGenerated, 1m) makes.');
  if (ys.every((y) => isDynamic(table.columns[y] ?? nameless))) return none(`Of dynamic values only arrays are drawn, those of a row of one length and all together of at most ${mostRows.toLocaleString('en-US')} elements.`);
  const along = table.columns[x] ?? nameless;
  const stacked = chart === 'stackedareachart' || render?.kind === 'stacked' || render?.kind === 'stacked100';
  const notes = render?.kind === 'stacked100' ? ['Stacked by value rather than to 100 %.'] : [];
  if (chart === 'piechart' || chart === 'barchart') return categories(table, picked, chart === 'piechart' ? 'pie' : 'bars', stacked, utc, notes);
  if (isTime(along)) {
    const kinds: Partial<Record<ChartName, ChartKind>> = { areachart: 'area', stackedareachart: 'stack', scatterchart: 'scatter', columnchart: 'bar' };
    return overTime(table, picked, stacked && chart === 'areachart' ? 'stack' : (kinds[chart] ?? 'line'), span, binWidth(query, along.name), notes);
  }
  if (chart === 'columnchart') return categories(table, picked, 'columns', stacked, utc, notes);
  if (table.rows.every((r) => cellNumber(r[x], along) === null)) return categories(table, picked, 'columns', stacked, utc, [...notes, `Drawn as columns: ${along.name} is neither a time nor a number.`]);
  return points(table, picked, chart !== 'scatterchart', notes);
}

const none = (why: string): Drawn => ({ drawing: { kind: 'none', why }, notes: [] });

const nameless: LogColumn = { name: '', type: '' };

/** What cells of a row say, as names of series and categories do. */
function textsOf(table: LogTable, row: LogRow, columns: readonly number[], utc: boolean): string {
  return columns.map((c) => nameOf(row[c], table.columns[c] ?? nameless, utc) || '(none)').join(' · ');
}

/** The text of a cell; a time has seconds and what is below only where they are not 0. */
function nameOf(cell: Cell | undefined, column: LogColumn, utc: boolean): string {
  if (!isTime(column) || typeof cell !== 'string') return cellText(cell, column, utc);
  const ms = Date.parse(cell);
  return ms % 1000 === 0 ? formatInstant(ms, utc) : timeText(cell, utc);
}

/** Series of a table by their label, each with its y column. */
function seriesOf(table: LogTable, { ys, series }: Picked, utc: boolean): { label: string; y: number; rows: number[] }[] {
  const groups = new Map<string, number[]>();
  table.rows.forEach((row, i) => {
    const name = textsOf(table, row, series, utc);
    const rows = groups.get(name);
    if (rows === undefined) groups.set(name, [i]);
    else rows.push(i);
  });
  return [...groups].flatMap(([group, rows]) =>
    ys.map((y) => {
      const name = table.columns[y]?.name ?? '';
      return { label: group === '' ? name : ys.length === 1 ? group : `${group}: ${name}`, y, rows };
    }),
  );
}

/** The greatest series, where there are too many to tell apart. */
function greatest<T extends { values: readonly (number | null)[] }>(all: T[], notes: string[]): T[] {
  if (all.length <= mostSeries) return all;
  const sum = (s: T) => s.values.reduce<number>((a, b) => a + Math.abs(b ?? 0), 0);
  notes.push(`Showing the ${mostSeries} greatest of ${all.length} series`);
  const kept = new Set([...all].sort((a, b) => sum(b) - sum(a)).slice(0, mostSeries));
  return all.filter((s) => kept.has(s));
}

function overTime(table: LogTable, picked: Picked, chart: ChartKind, span: Span | undefined, width: number | undefined, before: string[]): Drawn {
  const notes = [...before];
  const at = table.rows.map((row) => Date.parse(String(row[picked.x ?? 0] ?? '')));
  const known = [...new Set(at.filter((t) => !Number.isNaN(t)))].sort((a, b) => a - b);
  if (known.length === 0) return none('No row has a time.');
  const { times, interval } = binned(known, width);
  const place = new Map(times.map((t, i) => [t, i]));
  const made = seriesOf(table, picked, true).map(({ label, y, rows }) => {
    const values: (number | null)[] = times.map(() => null);
    const column = table.columns[y] ?? nameless;
    for (const r of rows) {
      const i = place.get(at[r] ?? Number.NaN);
      if (i !== undefined) values[i] = cellNumber(table.rows[r]?.[y], column);
    }
    return { label, values, unit: unitOfColumn(column) };
  });
  const shown = greatest(made, notes);
  const colours = coloursFor(shown.map((s) => s.label));
  const series: ChartSeries[] = shown.map((s, i) => ({ key: s.label, label: s.label, colour: colours[i] ?? grey, unit: s.unit, values: s.values }));
  const last = (times.at(-1) ?? 0) + interval;
  const whole = { start: Math.min(span?.start ?? Number.POSITIVE_INFINITY, times[0] ?? 0), end: Math.max(last, span?.end ?? 0) };
  const partialFrom = span === undefined ? undefined : times.find((t) => t + interval > span.end);
  return { drawing: { kind: 'time', chart, data: { times, interval, span: whole, partialFrom, unit: series[0]?.unit ?? '', series } }, notes };
}

const grey: Colour = { light: '#56606b', dark: '#a9b4c0' };
const mostTimes = 20_000;

/** The bins from the first to the last, so that one without rows is drawn as a gap. Times that are no bins of a known width stand for themselves. */
function binned(known: number[], width: number | undefined): { times: number[]; interval: number } {
  const [first = 0, last = 0] = [known[0], known.at(-1)];
  if (width === undefined || known.some((t) => (t - first) % width !== 0)) return { times: known, interval: 0 };
  const bins = (last - first) / width + 1;
  return { times: bins > mostTimes ? known : Array.from({ length: bins }, (_, i) => first + i * width), interval: width };
}

/** For each row its place along the axis, and the row that each place is named by. Rows of one series never share a place: their values cannot always be added. */
function placesOf(table: LogTable, along: readonly number[], series: readonly number[], utc: boolean): { place: number[]; heads: LogRow[] } {
  const seen = new Map<string, number>();
  const places = new Map<string, number>();
  const heads: LogRow[] = [];
  const place = table.rows.map((row) => {
    const key = JSON.stringify(along.map((c) => row[c]));
    const ofSeries = JSON.stringify([key, textsOf(table, row, series, utc)]);
    const nth = seen.get(ofSeries) ?? 0;
    seen.set(ofSeries, nth + 1);
    const at = places.get(`${nth} ${key}`) ?? heads.push(row) - 1;
    places.set(`${nth} ${key}`, at);
    return at;
  });
  return { place, heads };
}

function categories(table: LogTable, picked: Picked, kind: 'columns' | 'bars' | 'pie', stacked: boolean, utc: boolean, before: string[]): Drawn {
  const notes = [...before];
  const x = picked.x ?? 0;
  const split = kind === 'pie' ? { ...picked, ys: picked.ys.slice(0, 1), series: [] } : picked;
  const along = kind === 'pie' ? [x, ...picked.series] : [x];
  const { place, heads } = placesOf(table, along, split.series, utc);
  const names = heads.map((row) => textsOf(table, row, along, utc));
  if (kind === 'pie' && picked.ys.length > 1) notes.push(`Only ${table.columns[picked.ys[0] ?? 0]?.name ?? ''} is drawn: a pie has one number.`);
  const made = seriesOf(table, split, utc).map(({ label, y, rows }) => {
    const yColumn = table.columns[y] ?? nameless;
    const values: (number | null)[] = names.map(() => null);
    for (const r of rows) {
      const i = place[r];
      if (i !== undefined) values[i] = cellNumber(table.rows[r]?.[y], yColumn);
    }
    return { label, values, unit: unitOfColumn(yColumn) };
  });
  const shown = greatest(made, notes);
  const colours = coloursFor(shown.map((s) => s.label));
  if (names.length > mostNames && kind !== 'pie') notes.push(`Showing the first ${mostNames} of ${names.length}`);
  const few = kind === 'pie' ? names.length : mostNames;
  return {
    drawing: { kind, data: { names: names.slice(0, few), stacked, series: shown.map((s, i) => ({ ...s, values: s.values.slice(0, few), colour: colours[i] ?? grey })) } },
    notes,
  };
}

function points(table: LogTable, picked: Picked, joined: boolean, before: string[]): Drawn {
  const notes = [...before];
  const x = picked.x ?? 0;
  const column = table.columns[x] ?? nameless;
  const made = seriesOf(table, picked, true).map(({ label, y, rows }) => {
    const yColumn = table.columns[y] ?? nameless;
    const all = rows.flatMap((r): [number, number][] => {
      const [a, b] = [cellNumber(table.rows[r]?.[x], column), cellNumber(table.rows[r]?.[y], yColumn)];
      return a === null || b === null ? [] : [[a, b]];
    });
    if (joined) all.sort((a, b) => a[0] - b[0]);
    return { label, points: all, values: all.map((p) => p[1]), unit: unitOfColumn(yColumn) };
  });
  const shown = greatest(made, notes);
  const colours = coloursFor(shown.map((s) => s.label));
  const most = 5000;
  const total = shown.reduce((sum, s) => sum + s.points.length, 0);
  const step = Math.max(1, Math.ceil(total / most));
  if (step > 1) notes.push(`Showing every ${step}th of ${total.toLocaleString('en-US')} points`);
  const series = shown.map((s, i) => ({ label: s.label, colour: colours[i] ?? grey, points: s.points.filter((_, p) => p % step === 0) }));
  return { drawing: { kind: 'points', data: { series, joined, xUnit: unitOfColumn(column), yUnit: shown[0]?.unit ?? '', xTitle: column.name } }, notes };
}

function card(table: LogTable): Drawn {
  const row = table.rows[0] ?? [];
  const values = table.columns.map((c, i) => {
    const cell = row[i] ?? null;
    return c.type === 'timespan' && typeof cell === 'string' ? { label: c.name, cell: timespanMs(cell), unit: 'Milliseconds' } : { label: c.name, cell, unit: unitOfColumn(c) };
  });
  return { drawing: { kind: 'card', values }, notes: table.rows.length > 1 ? [`The first of ${table.rows.length.toLocaleString('en-US')} rows`] : [] };
}
