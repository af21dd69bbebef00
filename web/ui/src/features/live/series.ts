/** What the charts draw, out of the seconds that are held. */

import type { ChartData, ChartSeries } from '@/components/chart/model';
import { coloursFor } from '@/lib/palette';
import { scopeName } from '@/lib/scope';
import { second } from '@/lib/time';
import type { Unit } from '@/lib/units';
import { rowOf, rowsOf, type Buffer, type Held, type Split } from './buffer';
import { Durations, percentiles, type PercentileKey } from './durations';
import type { LiveRow, LiveTraffic } from './types';

/** What all charts of the page share. */
export interface Frame {
  buffer: Buffer;
  /** Where the time ends, by the server's clock. */
  end: number;
  /** How much is shown, in milliseconds. */
  length: number;
  /** Over how much percentiles are, in milliseconds. */
  over: number;
  factor: number;
  split: Split;
  /** The parts that are drawn, where it is split. */
  parts: readonly Part[];
  percentile: PercentileKey;
}

/** One part of what is watched: a deployment, an instance. */
export interface Part {
  scope: string;
  label: string;
  colour: ChartSeries['colour'];
}

/** How many parts one chart has room for: more lines cannot be told apart. */
export const mostParts = 10;

/** The parts of a split: those with the most requests, by name. Each keeps its colour as long as the others stay. */
export function partsOf(buffer: Buffer, split: Split): { parts: Part[]; omitted: number } {
  if (split === 'none') return { parts: [], omitted: 0 };
  const requests = new Map<string, number>();
  let omitted = 0;
  for (const { event } of buffer) {
    for (const row of rowsOf(event, split)) requests.set(row.scope, (requests.get(row.scope) ?? 0) + (row.traffic?.requests ?? 0));
    omitted = (split === 'instances' && event.by_instance !== undefined ? event.by_instance_omitted : event.children_omitted) ?? 0;
  }
  const words = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });
  const scopes = [...requests.keys()].sort(words);
  const names = scopes.map(scopeName);
  const labels = new Set(names).size < names.length ? scopes : names;
  const colours = coloursFor(names);
  const all = scopes.map((scope, i): Part => ({ scope, label: labels[i] ?? scope, colour: colours[i] ?? { light: '#000', dark: '#fff' } }));
  const most = new Set([...scopes].sort((a, b) => (requests.get(b) ?? 0) - (requests.get(a) ?? 0) || words(a, b)).slice(0, mostParts));
  const parts = all.filter((p) => most.has(p.scope));
  return { parts, omitted: omitted + all.length - parts.length };
}

/** Every second of the time that is shown, whether it came or not. */
function grid({ buffer, end, length }: Frame): { times: number[]; seconds: (Held | undefined)[] } {
  const start = end - length;
  const times = Array.from({ length: length / second }, (_, i) => start + i * second);
  const seconds = new Array<Held | undefined>(times.length).fill(undefined);
  for (const held of buffer) {
    const i = (held.at - start) / second;
    if (i >= 0 && i < seconds.length) seconds[i] = held;
  }
  return { times, seconds };
}

interface Line {
  key: string;
  colour?: ChartSeries['colour'];
  unit?: Unit;
  value: (row: LiveRow) => number | null;
}

function chart(frame: Frame, unit: Unit, series: (seconds: readonly (Held | undefined)[]) => ChartSeries[]): ChartData {
  const { times, seconds } = grid(frame);
  return { times, interval: second, span: { start: frame.end - frame.length, end: frame.end }, unit, series: series(seconds) };
}

/** Lines of the whole scope; where it is split, the first of them for each part. */
export function lines(frame: Frame, unit: Unit, of: readonly Line[]): ChartData {
  const [first] = of;
  if (frame.split !== 'none' && first !== undefined) {
    const { split } = frame;
    return chart(frame, unit, (seconds) => frame.parts.map((part) => ({ key: part.scope, label: part.label, colour: part.colour, values: seconds.map((s) => read(s, split, part.scope, first)) })));
  }
  const colours = coloursFor(of.map((l) => l.key));
  return chart(frame, unit, (seconds) =>
    of.map((line, i) => ({ key: line.key, label: line.key, colour: line.colour ?? colours[i] ?? { light: '#000', dark: '#fff' }, unit: line.unit, values: seconds.map((s) => read(s, 'none', '', line)) })),
  );
}

function read(held: Held | undefined, split: Split, scope: string, line: Line): number | null {
  const row = held === undefined ? undefined : rowOf(held.event, split, scope);
  return row === undefined ? null : line.value(row);
}

const classes = ['2xx', '3xx', '4xx', '5xx', '1xx', 'other'] as const;

/** Requests of each second by the class of their status; of parts, all requests. */
export function requestLines(frame: Frame): ChartData {
  if (frame.split !== 'none') return lines(frame, 'CountPerSecond', [{ key: 'requests', value: (row) => row.traffic?.requests ?? null }]);
  const seen = classes.filter((c) => c === '2xx' || frame.buffer.some((h) => (h.event.total?.traffic?.status[c] ?? 0) > 0));
  // A class without requests is left out of an event, and is 0 there.
  return lines(frame, 'CountPerSecond', seen.map((c) => ({ key: c, value: (row) => (row.traffic === null ? null : (row.traffic.status[c] ?? 0)) })));
}

/** Percentiles of the requests of the seconds before, each as far as there are enough requests for it, and the longest. */
export function durationLines(frame: Frame): ChartData {
  if (frame.split !== 'none') {
    const { split, percentile } = frame;
    const wanted = percentiles.filter((p) => p.key === percentile);
    return chart(frame, 'Seconds', (seconds) => frame.parts.map((part) => ({ key: part.scope, label: part.label, colour: part.colour, values: slide(frame, seconds, split, part.scope, wanted.map((p) => p.q))[0] ?? [] })));
  }
  const shown = percentiles.filter((p) => p.key !== 'p90');
  const colours = coloursFor([...shown.map((p) => p.label), 'grey']); // the longest is no percentile
  return chart(frame, 'Seconds', (seconds) => {
    const values = slide(frame, seconds, 'none', '', [...shown.map((p) => p.q), 1]);
    return [...shown.map((p) => p.label), 'longest'].map((label, i) => ({ key: label, label, colour: colours[i] ?? { light: '#000', dark: '#fff' }, values: values[i] ?? [] }));
  });
}

/** Quantiles over a window that slides from second to second; 1 is the longest. A second that did not come has none. */
function slide({ buffer, over, factor }: Frame, seconds: readonly (Held | undefined)[], split: Split, scope: string, qs: readonly number[]): (number | null)[][] {
  const traffic = (held: Held | undefined): LiveTraffic | null => (held === undefined ? null : (rowOf(held.event, split, scope)?.traffic ?? null));
  const window = new Durations(factor);
  const longest: { at: number; max: number }[] = [];
  const out = qs.map((): (number | null)[] => []);
  let next = 0;
  let oldest = 0;
  for (const held of seconds) {
    if (held === undefined) {
      out.forEach((values) => values.push(null));
      continue;
    }
    for (let h = buffer[next]; h !== undefined && h.at <= held.at; h = buffer[++next]) {
      const t = traffic(h);
      window.add(t);
      if (t?.duration == null) continue;
      while ((longest.at(-1)?.max ?? Infinity) <= t.duration.max) longest.pop();
      longest.push({ at: h.at, max: t.duration.max });
    }
    for (let h = buffer[oldest]; h !== undefined && h.at <= held.at - over; h = buffer[++oldest]) window.add(traffic(h), -1);
    while (longest[0] !== undefined && longest[0].at <= held.at - over) longest.shift();
    const max = longest[0]?.max;
    qs.forEach((q, i) => out[i]?.push(max === undefined ? null : q === 1 ? max : window.quantile(q, max)));
  }
  return out;
}
