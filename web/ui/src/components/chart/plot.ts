/** Options of uPlot for a chart. */

import type uPlot from 'uplot';
import { formatAxis, tickSteps, type Unit } from '@/lib/units';
import { formatTicks, type Span } from '@/lib/time';
import { drawMarks, drawPartial, drawThresholds, font, inkFor, type Ink, type Live } from './draw';
import { selects } from './gestures';
import { isZeroBased, unitsOf, valueRange, type Band, type ChartKind, type ChartSeries, type Column, type PastLine } from './model';

export interface PlotSettings {
  kind: ChartKind;
  series: readonly ChartSeries[];
  /** The series' columns, for bars that stand upon others. */
  columns: () => readonly Column[];
  past: readonly PastLine[];
  isShown: (series: ChartSeries) => boolean;
  unit: Unit;
  utc: boolean;
  dark: boolean;
  band?: Band | undefined;
  live: () => Live;
  /** Charts with one key share their crosshair. */
  syncKey: string;
  /** Where the crosshair is; `own` says that it is this chart's, not one that it follows. */
  onCursor: (cursor: { index: number; left: number; own: boolean } | null) => void;
  onZoom: (span: Span) => void;
  onReset: () => void;
}

/* eslint-disable @typescript-eslint/no-unsafe-enum-assignment -- uPlot's types have enums here that do not exist at run time */
const rightSide: uPlot.Axis.Side = 1;
const leftSide: uPlot.Axis.Side = 3;
const scaleUnit: uPlot.Series.BarsPathBuilderFacetUnit = 1;
/* eslint-enable @typescript-eslint/no-unsafe-enum-assignment */

/** The width of the vertical axes in CSS pixels, the same for all, so that charts below each other have their instants below each other: 1.25 k/min fits. */
export const axisSize = 74;

/** Points that have no neighbour would not show in a line. */
function alone(u: uPlot, index: number): number[] {
  const values = u.data[index] ?? [];
  const out: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) out.push(i);
  }
  return out;
}

/** What all plots over time share: the axis of the time, the crosshair, zoom by dragging, and back by a double click. */
export function timeOptions(set: Pick<PlotSettings, 'utc' | 'dark' | 'live' | 'syncKey' | 'onCursor' | 'onZoom' | 'onReset'>, uplot: typeof uPlot) {
  const ink = inkFor(set.dark);
  const cursor: uPlot.Cursor = {
    y: false,
    // Others follow the crosshair, but each zooms for itself: one drag is one zoom of the page.
    sync: { key: set.syncKey, setSeries: false, scales: ['x', null], filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave', sub: () => true } },
    drag: { x: true, y: false, setScale: false, dist: 6 },
    points: { size: 7 },
    bind: {
      dblclick: () => () => (set.onReset(), null),
      mousedown: (_u, _target, select) => (e) => (selects(e) ? select(e) : null),
    },
  };
  const x: uPlot.Scale = {
    time: true,
    range: () => {
      const { span } = set.live();
      return [span.start / 1000, span.end / 1000];
    },
  };
  const axis: uPlot.Axis = {
    stroke: ink.text,
    font,
    grid: { show: false },
    ticks: { stroke: ink.grid, size: 4 },
    size: (_u, labels) => ((labels as string[] | null)?.some((l) => l.includes('\n')) ? 44 : 28), // null before the first ticks
    space: 70,
    values: (_u, ticks) =>
      formatTicks(
        ticks.map((t) => t * 1000),
        set.utc,
      ),
  };
  const hooks = {
    setCursor: (u: uPlot) => {
      const { idx, left } = u.cursor;
      set.onCursor(idx == null || left === undefined || left < 0 ? null : { index: idx, left, own: u.cursor.event != null });
    },
    setSelect: (u: uPlot) => {
      const { left, width } = u.select;
      if (width < 6) return;
      const start = Math.round(u.posToVal(left, 'x') * 1000);
      const end = Math.round(u.posToVal(left + width, 'x') * 1000);
      u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      set.onZoom({ start, end });
    },
  };
  const zone: Pick<uPlot.Options, 'tzDate'> = set.utc ? { tzDate: (at) => uplot.tzDate(new Date(at * 1000), 'Etc/UTC') } : {};
  return { cursor, x, axis, hooks, zone, ink };
}

/**
 * The options for a plot of a width and height. Columns are the times, one for each series, one for each line of the past, and those
 * of the band: lower, then upper.
 */
export function plotOptions(set: PlotSettings, uplot: typeof uPlot, width: number, height: number): uPlot.Options {
  const { cursor, x, axis, hooks, zone, ink } = timeOptions(set, uplot);
  const tone = (s: ChartSeries) => (set.dark ? s.colour.dark : s.colour.light);
  const units = unitsOf(set.series, set.unit);
  const [, right] = units;
  const scaleOf = (unit: Unit) => (unit === right ? 'right' : 'y');
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  const under = new Map<string, number>();
  set.series.forEach((s, i) => {
    const scale = scaleOf(s.unit ?? set.unit);
    const show = set.isShown(s);
    const below = under.get(scale);
    series.push({ ...seriesOptions(set, i, tone(s), below === undefined, uplot), label: s.label, show, scale });
    if (set.kind !== 'stack' || !show) return;
    if (below !== undefined) bands.push({ series: [i + 1, below], fill: `${tone(s)}59` });
    under.set(scale, i + 1);
  });
  for (const line of set.past) {
    const stroke = line.series === undefined ? ink.event : tone(line.series);
    series.push({ label: `${line.series?.label ?? 'all'} before`, stroke, scale: scaleOf(line.unit), alpha: line.series === undefined ? 0.8 : 0.5, width: 1, dash: [4, 4], show: line.series === undefined || set.isShown(line.series), points: { show: false } });
  }
  if (set.band !== undefined) {
    const edge: uPlot.Series = { scale: 'y', stroke: ink.event, width: 1, dash: [2, 3], alpha: 0.7, points: { show: false } };
    series.push({ ...edge, label: 'lower' }, { ...edge, label: 'upper' });
    bands.push({ series: [series.length - 1, series.length - 2], fill: ink.band });
  }
  return {
    width,
    height,
    series,
    bands,
    padding: [8, right === undefined ? 18 : 8, 0, 0],
    legend: { show: false },
    cursor,
    scales: { x, y: valueScale(set, units[0] ?? set.unit, true), ...(right === undefined ? {} : { right: valueScale(set, right, false) }) },
    axes: [axis, valueAxis(units[0] ?? set.unit, 'y', ink, height), ...(right === undefined ? [] : [valueAxis(right, 'right', ink, height)])],
    hooks: {
      draw: [(u) => drawPartial(u, set.live(), ink), (u) => drawThresholds(u, set.live(), ink), (u) => drawMarks(u, set.live(), ink)],
      setCursor: [hooks.setCursor],
      setSelect: [hooks.setSelect],
    },
    ...zone,
  };
}

function valueScale(set: PlotSettings, unit: Unit, left: boolean): uPlot.Scale {
  return {
    range: (_u, lowest, highest) => {
      const { thresholds, extent } = set.live();
      const also = left ? [...thresholds.map((t) => t.value), ...(extent ?? [])] : [];
      // uPlot has null here where no series has a value, whatever its types say.
      const [low, high] = [lowest as number | null, highest as number | null];
      return valueRange(Math.min(low ?? Number.POSITIVE_INFINITY, ...also), Math.max(high ?? Number.NEGATIVE_INFINITY, ...also), isZeroBased(unit));
    },
  };
}

function valueAxis(unit: Unit, scale: 'y' | 'right', ink: Ink, height: number): uPlot.Axis {
  const steps = tickSteps(unit);
  return {
    scale,
    side: scale === 'right' ? rightSide : leftSide,
    stroke: ink.text,
    font,
    grid: scale === 'right' ? { show: false } : { stroke: ink.grid, width: 1 },
    ticks: { show: false },
    size: axisSize,
    gap: 6,
    space: Math.max(28, height / 12),
    ...(steps === undefined ? {} : { incrs: steps }),
    values: (_u, ticks) => formatAxis(ticks, unit),
  };
}

function seriesOptions(set: PlotSettings, index: number, stroke: string, lowest: boolean, uplot: typeof uPlot): uPlot.Series {
  const base: uPlot.Series = { stroke, width: 1.6, points: { show: true, size: 4, fill: stroke, filter: (u, i) => alone(u, i) } };
  switch (set.kind) {
    case 'area':
      return { ...base, fill: `${stroke}40` };
    case 'stack':
      return lowest ? { ...base, fill: `${stroke}59` } : base;
    case 'bar':
      return { ...base, width: 0, fill: stroke, points: { show: false }, ...bars(set, index, uplot) };
    case 'scatter':
      return { ...base, width: 0, paths: () => null, points: { show: true, size: 5, fill: stroke } };
    case 'line':
      return base;
  }
}

/** Bars from where those below end. */
function bars(set: PlotSettings, index: number, uplot: typeof uPlot): uPlot.Series {
  const edge = (values: (c: Column | undefined) => readonly (number | null)[]): uPlot.Series.BarsPathBuilderFacet => ({ unit: scaleUnit, values: () => [...values(set.columns()[index])] as number[] });
  const paths = uplot.paths.bars?.({ size: [0.85, 40], align: 0, disp: { y0: edge((c) => c?.bases ?? []), y1: edge((c) => c?.tops ?? []) } });
  return paths === undefined ? {} : { paths };
}

/** uPlot's own signature of setCursor, which its types have without the last: whether the charts that share the crosshair follow. */
interface Crosshair {
  setCursor: (at: { left: number; top: number }, tell: boolean, share: boolean) => void;
}

/** Puts the crosshair of a chart, and of those that follow it, to a place; away where there is none. */
export function putCrosshair(u: uPlot, at?: { left: number; top: number }): void {
  (u as unknown as Crosshair).setCursor(at ?? { left: -10, top: -10 }, true, true);
}
