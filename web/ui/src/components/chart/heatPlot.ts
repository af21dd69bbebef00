/** Options of uPlot for a heat map: it has the time, the crosshair and zoom of the other charts, and draws cells instead of lines. */

import type uPlot from 'uplot';
import { drawPartial, font } from './draw';
import { labelStep, shadeOf, shades, short, type HeatRow, type HeatScale } from './heat';
import { axisSize, timeOptions, type PlotSettings } from './plot';

interface Heat {
  rows: readonly HeatRow[];
  times: readonly number[];
  interval: number;
  extent: readonly [number, number];
}

interface HeatSettings extends Pick<PlotSettings, 'utc' | 'dark' | 'live' | 'syncKey' | 'onCursor' | 'onZoom' | 'onReset'> {
  scale: HeatScale;
  heat: () => Heat;
  /** Whether the crosshair is put by hand, such as by a finger, and not by another chart. */
  isOwn: () => boolean;
  onCell: (cell: { column: number; row: number; left: number; top: number } | null) => void;
}

export function heatOptions(set: HeatSettings, uplot: typeof uPlot, width: number, height: number): uPlot.Options {
  const { cursor, x, axis, hooks, zone, ink } = timeOptions(set, uplot);
  const tones = shades(set.dark);
  return {
    width,
    height,
    series: [{}, { show: true, points: { show: false } }],
    padding: [4, 18, 0, 0],
    legend: { show: false },
    cursor: { ...cursor, y: true, points: { show: false } },
    scales: { x, y: { range: () => [0, Math.max(1, set.heat().rows.length)] } },
    axes: [
      axis,
      {
        stroke: ink.text,
        font,
        grid: { show: false },
        ticks: { show: false },
        size: axisSize,
        gap: 6,
        splits: (u) => {
          const { rows } = set.heat();
          const step = labelStep(rows.length, u.bbox.height / devicePixelRatio);
          return rows.map((_, i) => rows.length - i - 0.5).filter((_, i) => i % step === 0);
        },
        values: (_u, splits) => {
          const { rows } = set.heat();
          return splits.map((at) => {
            const row = rows[Math.round(rows.length - at - 0.5)];
            return row?.mark ?? short(row?.label ?? '');
          });
        },
      },
    ],
    hooks: {
      draw: [(u) => drawCells(u, set.heat(), set.scale, tones), (u) => drawPartial(u, set.live(), ink)],
      setCursor: [
        (u) => {
          const { idx, left = -1, top = -1 } = u.cursor;
          if (idx == null || left < 0 || top < 0 || (u.cursor.event == null && !set.isOwn())) {
            set.onCell(null);
            return;
          }
          const { rows, times, interval } = set.heat();
          const row = rows.length - 1 - Math.floor(u.posToVal(top, 'y'));
          const at = u.posToVal(left, 'x') * 1000;
          // The nearest middle is that of another window where one is missing.
          const column = interval === 0 || at <= (times[idx] ?? 0) + interval ? idx : -1;
          set.onCell(rows[row] === undefined || column < 0 ? null : { column, row, left, top });
        },
      ],
      setSelect: [hooks.setSelect],
    },
    ...zone,
  };
}

function drawCells(u: uPlot, { rows, times, interval, extent }: Heat, scale: HeatScale, tones: string[]): void {
  const { ctx, bbox } = u;
  // Instants have no length: each is as wide as the shortest way to the next.
  const length = interval > 0 ? interval : times.reduce((least, t, i) => (i === 0 ? least : Math.min(least, t - (times[i - 1] ?? t))), 60_000);
  const lefts = times.map((t) => Math.round(u.valToPos((interval > 0 ? t : t - length / 2) / 1000, 'x', true)));
  const rights = times.map((t) => Math.round(u.valToPos((interval > 0 ? t + length : t + length / 2) / 1000, 'x', true)));
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  rows.forEach((row, r) => {
    const top = Math.round(u.valToPos(rows.length - r, 'y', true));
    const bottom = Math.round(u.valToPos(rows.length - r - 1, 'y', true));
    const gap = bottom - top > 8 * devicePixelRatio ? 1 : 0;
    row.values.forEach((value, i) => {
      if (value === null) return;
      ctx.fillStyle = tones[shadeOf(value, extent, scale)] ?? '';
      const left = lefts[i] ?? 0;
      ctx.fillRect(left, top, Math.max(1, (rights[i] ?? left) - left), bottom - top - gap);
    });
  });
  ctx.restore();
}
