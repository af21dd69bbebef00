/** Options of uPlot for a chart. */

import type uPlot from 'uplot';
import { formatAxis, tickSteps, type Unit } from '@/lib/units';
import { formatTicks, type Span } from '@/lib/time';
import { isZeroBased, valueRange, type Band, type ChartKind, type ChartSeries, type Mark, type Threshold } from './model';

export interface PlotSettings {
  kind: ChartKind;
  series: readonly ChartSeries[];
  /** Series that are shown; all if empty. */
  isolated: ReadonlySet<string>;
  unit: Unit;
  utc: boolean;
  dark: boolean;
  band?: Band | undefined;
  /** What changes without the plot being built anew. */
  live: () => Live;
  /** Charts with one key share their crosshair. */
  syncKey: string;
  onCursor: (index: number | null, left: number, top: number) => void;
  onZoom: (span: Span) => void;
  onReset: () => void;
}

export interface Live {
  span: Span;
  /** From when on windows run still. */
  partialFrom?: number | undefined;
  thresholds: readonly Threshold[];
  marks: readonly Mark[];
}

const font = '12px system-ui, sans-serif';

export interface Ink {
  text: string;
  grid: string;
  faint: string;
  alert: string;
  event: string;
}

export function inkFor(dark: boolean): Ink {
  return dark
    ? { text: '#c1c7cd', grid: '#2c3138', faint: 'rgba(255,255,255,0.06)', alert: '#ff8787', event: '#adb5bd' }
    : { text: '#495057', grid: '#e9ecef', faint: 'rgba(0,0,0,0.05)', alert: '#c92a2a', event: '#5c636a' };
}

/** Points that have no neighbour would not show in a line. */
function alone(u: uPlot, index: number): number[] {
  const values = u.data[index] ?? [];
  const out: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) out.push(i);
  }
  return out;
}

/**
 * The options for a plot of a width and height. Columns are the times, one for each series, one for the past of each series that has
 * one, and those of the band: lower, then upper.
 */
export function plotOptions(set: PlotSettings, uplot: typeof uPlot, width: number, height: number): uPlot.Options {
  const ink = inkFor(set.dark);
  const zero = isZeroBased(set.unit);
  const tone = (s: ChartSeries) => (set.dark ? s.colour.dark : s.colour.light);
  const shown = (s: ChartSeries) => set.isolated.size === 0 || set.isolated.has(s.key);
  const series: uPlot.Series[] = [{}];
  for (const s of set.series) series.push(seriesOptions(set, s, tone(s), shown(s), uplot));
  for (const s of set.series) {
    if (s.past !== undefined) series.push({ label: `${s.label} before`, stroke: tone(s), alpha: 0.45, width: 1, dash: [4, 4], show: shown(s), points: { show: false } });
  }
  const bands: uPlot.Band[] = [];
  if (set.kind === 'stack') {
    for (let i = 2; i <= set.series.length; i++) bands.push({ series: [i, i - 1], fill: `${tone(set.series[i - 1] as ChartSeries)}59` });
  }
  if (set.band !== undefined) {
    const edge: uPlot.Series = { stroke: ink.event, width: 1, dash: [2, 3], alpha: 0.7, points: { show: false } };
    series.push({ ...edge, label: 'lower' }, { ...edge, label: 'upper' });
    bands.push({ series: [series.length - 1, series.length - 2], fill: ink.faint });
  }
  const steps = tickSteps(set.unit);
  return {
    width,
    height,
    series,
    bands,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: set.syncKey, setSeries: false },
      drag: { x: true, y: false, setScale: false, dist: 6 },
      points: { size: 7 },
      bind: { dblclick: () => () => (set.onReset(), null) },
    },
    scales: {
      x: { time: true, range: () => {
          const { span } = set.live();
          return [span.start / 1000, span.end / 1000];
        } },
      y: {
        range: (_u, lowest, highest) => {
          const also = set.live().thresholds.map((t) => t.value);
          // uPlot has null here where no series has a value, whatever its types say.
          const [low, high] = [lowest as number | null, highest as number | null];
          return valueRange(Math.min(low ?? Number.POSITIVE_INFINITY, ...also), Math.max(high ?? Number.NEGATIVE_INFINITY, ...also), zero);
        },
      },
    },
    axes: [
      {
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
      },
      {
        stroke: ink.text,
        font,
        grid: { stroke: ink.grid, width: 1 },
        ticks: { show: false },
        size: 64,
        gap: 6,
        space: 28,
        ...(steps === undefined ? {} : { incrs: steps }),
        values: (_u, ticks) => formatAxis(ticks, set.unit),
      },
    ],
    hooks: {
      drawAxes: [(u) => drawPartial(u, set.live(), ink)],
      draw: [(u) => drawThresholds(u, set.live(), ink), (u) => drawMarks(u, set.live(), ink)],
      setCursor: [
        (u) => {
          const { idx, left, top } = u.cursor;
          set.onCursor(idx === undefined || left === undefined || left < 0 ? null : (idx ?? null), left ?? 0, top ?? 0);
        },
      ],
      setSelect: [
        (u) => {
          const { left, width: selected } = u.select;
          if (selected < 6) return;
          const start = Math.round(u.posToVal(left, 'x') * 1000);
          const end = Math.round(u.posToVal(left + selected, 'x') * 1000);
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          set.onZoom({ start, end });
        },
      ],
    },
  };
}

function seriesOptions(set: PlotSettings, s: ChartSeries, stroke: string, show: boolean, uplot: typeof uPlot): uPlot.Series {
  const base: uPlot.Series = { label: s.label, stroke, width: 1.6, show, points: { show: true, size: 4, fill: stroke, filter: (u, index) => alone(u, index) } };
  switch (set.kind) {
    case 'area':
      return { ...base, fill: `${stroke}40` };
    case 'stack':
      return { ...base, ...(set.series[0] === s ? { fill: `${stroke}59` } : {}) };
    case 'bar':
      return { ...base, width: 0, fill: stroke, points: { show: false }, ...(uplot.paths.bars ? { paths: uplot.paths.bars({ size: [0.85, 40], align: 0 }) } : {}) };
    case 'scatter':
      return { ...base, width: 0, paths: () => null, points: { show: true, size: 5, fill: stroke } };
    case 'line':
      return base;
  }
}

/** Windows that run still are hatched: their values will change. */
function drawPartial(u: uPlot, live: Live, ink: Ink): void {
  if (live.partialFrom === undefined) return;
  const from = Math.max(u.bbox.left, u.valToPos(live.partialFrom / 1000, 'x', true));
  const to = u.bbox.left + u.bbox.width;
  if (from >= to) return;
  const { ctx } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(from, u.bbox.top, to - from, u.bbox.height);
  ctx.clip();
  ctx.strokeStyle = ink.faint;
  ctx.lineWidth = 2 * devicePixelRatio;
  for (let x = from - u.bbox.height; x < to; x += 8 * devicePixelRatio) {
    ctx.beginPath();
    ctx.moveTo(x, u.bbox.top + u.bbox.height);
    ctx.lineTo(x + u.bbox.height, u.bbox.top);
    ctx.stroke();
  }
  ctx.restore();
}

function drawThresholds(u: uPlot, live: Live, ink: Ink): void {
  const { ctx } = u;
  ctx.save();
  ctx.strokeStyle = ink.alert;
  ctx.fillStyle = ink.alert;
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const t of live.thresholds) {
    const y = Math.round(u.valToPos(t.value, 'y', true));
    ctx.beginPath();
    ctx.moveTo(u.bbox.left, y);
    ctx.lineTo(u.bbox.left + u.bbox.width, y);
    ctx.stroke();
    ctx.fillText(t.label, u.bbox.left + 6 * devicePixelRatio, y - 4 * devicePixelRatio);
  }
  ctx.restore();
}

/** A line where something happened, with a sign on top: a triangle for alerts, a square for changes, a dot for events. */
function drawMarks(u: uPlot, live: Live, ink: Ink): void {
  const { ctx } = u;
  const r = 4 * devicePixelRatio;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  for (const mark of live.marks) {
    if (mark.at < live.span.start || mark.at > live.span.end) continue;
    const x = Math.round(u.valToPos(mark.at / 1000, 'x', true));
    const y = u.bbox.top + r;
    ctx.strokeStyle = ctx.fillStyle = mark.kind === 'alert' ? ink.alert : ink.event;
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(x, u.bbox.top);
    ctx.lineTo(x, u.bbox.top + u.bbox.height);
    ctx.stroke();
    ctx.beginPath();
    if (mark.kind === 'alert') {
      ctx.moveTo(x, y - r);
      ctx.lineTo(x + r, y + r);
      ctx.lineTo(x - r, y + r);
    } else if (mark.kind === 'change') {
      ctx.rect(x - r, y - r, 2 * r, 2 * r);
    } else {
      ctx.arc(x, y, r, 0, 2 * Math.PI);
    }
    ctx.fill();
  }
  ctx.restore();
}
