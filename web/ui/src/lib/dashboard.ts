/** Dashboards as their documents have them, read into what the pages work with and written back. */

import { drawKinds, emptySpec, type ChartSpec } from './chartspec';

export const columns = 12;
export const mostTiles = 60;
export const mostVariables = 10;
export const narrowest = 2;
export const tallest = 40;

export const variableKinds = ['endpoint', 'deployment', 'instance', 'text'] as const;

export type VariableKind = (typeof variableKinds)[number];

export interface Variable {
  name: string;
  /** What people read; empty for the name. */
  label: string;
  kind: VariableKind;
  /** The variable of a level above whose value narrows the choice; empty for none. */
  of: string;
  /** The choice of a text; none for any text. */
  options: string[];
  default: string;
}

/** A rectangle on the grid of columns and rows. */
export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

export type TileContent = { kind: 'chart'; chart: ChartSpec } | { kind: 'logs'; logs: { query: string; scopes: string[] } } | { kind: 'text'; text: string };

export type Tile = Box & { id: string; title: string; description: string } & TileContent;

export interface Dashboard {
  name: string;
  title: string;
  description: string;
  tags: string[];
  variables: Variable[];
  /** What the page opens with, as 1h and 10s; empty for what every page has. */
  time: { last: string; refresh: string };
  tiles: Tile[];
}

export const emptyDashboard: Dashboard = { name: '', title: '', description: '', tags: [], variables: [], time: { last: '', refresh: '' }, tiles: [] };

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {});
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const whole = (value: unknown, otherwise: number): number => (typeof value === 'number' && Number.isInteger(value) ? value : otherwise);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const texts = (value: unknown): string[] => list(value).filter((v): v is string => typeof v === 'string');

/** Reads a document that the server has checked. */
export function readDashboard(document: unknown): Dashboard {
  const d = fields(document);
  const time = fields(d.time);
  return {
    name: text(d.name),
    title: text(d.title),
    description: text(d.description),
    tags: texts(d.tags),
    variables: list(d.variables).map(readVariable),
    time: { last: text(time.last), refresh: text(time.refresh) },
    tiles: list(d.tiles).map(readTile),
  };
}

function readVariable(value: unknown): Variable {
  const v = fields(value);
  const kind = variableKinds.find((k) => k === v.kind) ?? 'text';
  return { name: text(v.name), label: text(v.label), kind, of: text(v.of), options: texts(v.options), default: text(v.default) || (kind === 'text' ? '' : '*') };
}

function readTile(value: unknown): Tile {
  const t = fields(value);
  const base = { id: text(t.id), title: text(t.title), description: text(t.description), x: whole(t.x, 0), y: whole(t.y, 0), w: whole(t.w, 6), h: whole(t.h, 4) };
  if (t.kind === 'chart') return { ...base, kind: 'chart', chart: readSpec(t.chart) };
  if (t.kind === 'logs') {
    const logs = fields(t.logs);
    return { ...base, kind: 'logs', logs: { query: text(logs.query), scopes: texts(logs.scopes) } };
  }
  return { ...base, kind: 'text', text: text(t.text) };
}

function readSpec(value: unknown): ChartSpec {
  const c = fields(value);
  return {
    ...emptySpec,
    scopes: texts(c.scopes),
    metrics: list(c.metrics).map((m) => ({ name: text(fields(m).name), aggregation: text(fields(m).aggregation) })),
    filter: text(c.filter),
    split: texts(c.split),
    top: whole(c.top, 0),
    orderBy: text(c.orderBy),
    interval: text(c.interval),
    kind: drawKinds.find((k) => k === c.kind) ?? 'line',
    promql: texts(c.promql),
    unit: text(c.unit),
  };
}

/** Leaves out what is empty and so says nothing. */
function compact<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== '' && v !== 0 && !(Array.isArray(v) && v.length === 0))) as Partial<T>;
}

/** The document of a dashboard, in the order in which people read it. */
export function writeDashboard(d: Dashboard): { name: string; [field: string]: unknown } {
  const time = compact(d.time);
  return {
    name: d.name,
    ...compact({ title: d.title, description: d.description, tags: d.tags, variables: d.variables.map(writeVariable) }),
    ...(Object.keys(time).length === 0 ? {} : { time }),
    tiles: d.tiles.map(writeTile),
  };
}

function writeVariable({ name, kind, ...rest }: Variable) {
  const { label, of, options, default: usual } = compact(rest);
  return {
    name,
    ...(label === undefined ? {} : { label }),
    kind,
    ...(of === undefined || kind === 'text' ? {} : { of }),
    ...(options === undefined || kind !== 'text' ? {} : { options }),
    ...(usual === undefined ? {} : { default: usual }),
  };
}

/** The document of one tile. */
export function writeTile(t: Tile) {
  const { id, kind, x, y, w, h } = t;
  return { id, kind, ...compact({ title: t.title, description: t.description }), x, y, w, h, ...writeContent(t) };
}

function writeContent(t: Tile) {
  if (t.kind === 'chart') return { chart: { ...compact({ ...t.chart, metrics: t.chart.metrics.map((m) => compact(m)) }), kind: t.chart.kind } };
  if (t.kind === 'logs') return { logs: { query: t.logs.query, ...compact({ scopes: t.logs.scopes }) } };
  return compact({ text: t.text });
}

/** What a dashboard is called. */
export const titleOf = (d: { name: string; title: string }) => (d.title === '' ? d.name : d.title);

/** What a tile is called where it has no title. */
export function tileName(t: Tile): string {
  if (t.title !== '') return t.title;
  return { chart: 'Chart', logs: 'Logs', text: 'Text' }[t.kind];
}

/** An id that no tile has yet. */
export function freeId(tiles: readonly { id: string }[]): string {
  const taken = new Set(tiles.map((t) => t.id));
  let n = tiles.length + 1;
  while (taken.has(`t${n}`)) n++;
  return `t${n}`;
}

/** A name that a title suggests, for the dashboard's address. */
export function nameOf(title: string): string {
  return title
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
}

/** The name itself, or with a number where it is taken. */
export function freeName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  for (let n = 2; ; n++) if (!taken.includes(`${name}-${n}`)) return `${name}-${n}`;
}
