/** What is drawn on a plot besides its series. */

import type uPlot from 'uplot';
import type { Span } from '@/lib/time';
import type { Mark, Threshold } from './model';

/** What changes without a plot being built anew. */
export interface Live {
  span: Span;
  /** From when on windows run still. */
  partialFrom?: number | undefined;
  thresholds: readonly Threshold[];
  marks: readonly Mark[];
  /** The least and the greatest value that the axis has to have room for. */
  extent?: readonly [number, number] | undefined;
}

export const font = '12px system-ui, sans-serif';

export interface Ink {
  text: string;
  grid: string;
  paper: string;
  band: string;
  faint: string;
  alert: string;
  event: string;
}

export function inkFor(dark: boolean): Ink {
  return dark
    ? { text: '#c1c7cd', grid: '#2c3138', paper: 'rgba(36,36,36,0.65)', band: 'rgba(255,255,255,0.06)', faint: 'rgba(255,255,255,0.12)', alert: '#ff8787', event: '#adb5bd' }
    : { text: '#495057', grid: '#e9ecef', paper: 'rgba(255,255,255,0.65)', band: 'rgba(0,0,0,0.05)', faint: 'rgba(0,0,0,0.09)', alert: '#c92a2a', event: '#5c636a' };
}

/** Windows that run still are pale and hatched: their values will change. */
export function drawPartial(u: uPlot, live: Live, ink: Ink): void {
  if (live.partialFrom === undefined) return;
  const from = Math.max(u.bbox.left, u.valToPos(live.partialFrom / 1000, 'x', true));
  const to = u.bbox.left + u.bbox.width;
  if (from >= to) return;
  const { ctx } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(from, u.bbox.top, to - from, u.bbox.height);
  ctx.clip();
  ctx.fillStyle = ink.paper;
  ctx.fillRect(from, u.bbox.top, to - from, u.bbox.height);
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

export function drawThresholds(u: uPlot, live: Live, ink: Ink): void {
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
    // Above its line, or below where there is no room.
    const above = y - u.bbox.top > 16 * devicePixelRatio;
    ctx.textAlign = 'left'; // the axes leave theirs behind
    ctx.fillText(t.label, u.bbox.left + 6 * devicePixelRatio, above ? y - 4 * devicePixelRatio : y + 13 * devicePixelRatio);
  }
  ctx.restore();
}

/** A line where something happened, with a sign on top: a triangle for alerts, a square for changes, a dot for events. */
export function drawMarks(u: uPlot, live: Live, ink: Ink): void {
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
