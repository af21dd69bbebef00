/** A picture of a chart: its title, its plots as they are on the page, and its legend. */

import type { ChartSeries } from './model';

interface Picture {
  title: string;
  /** What it says of its scope and time, under the title. */
  subtitle: string;
  series: readonly ChartSeries[];
  dark: boolean;
}

const line = 18;
const margin = 12;

/** Draws the plots below an element into one picture. */
export async function chartPNG(root: HTMLElement, { title, subtitle, series, dark }: Picture): Promise<Blob> {
  const ratio = window.devicePixelRatio;
  const box = root.getBoundingClientRect();
  const plots = [...root.querySelectorAll('canvas')];
  const bottom = Math.max(0, ...plots.map((c) => c.getBoundingClientRect().bottom - box.top));
  const places = legendPlaces(series, box.width);
  const rows = (places.at(-1)?.row ?? -1) + 1;
  const head = margin + 2 * line;
  const canvas = document.createElement('canvas');
  canvas.width = Math.round((box.width + 2 * margin) * ratio);
  canvas.height = Math.round((head + bottom + rows * line + margin * 2) * ratio);
  const ctx = canvas.getContext('2d');
  if (ctx === null) throw new Error('this browser draws no pictures');
  const [paper, ink, dim] = dark ? ['#242424', '#e9ecef', '#a9b4c0'] : ['#ffffff', '#212529', '#56606b'];
  ctx.scale(ratio, ratio);
  ctx.fillStyle = paper;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.textBaseline = 'middle';
  const write = (text: string, x: number, y: number, colour: string, weight = 400) => {
    ctx.font = `${weight} 12px system-ui, sans-serif`;
    ctx.fillStyle = colour;
    ctx.fillText(text, x, y);
  };
  write(title, margin, margin + line / 2, ink, 600);
  write(subtitle, margin, margin + line * 1.5, dim);
  for (const plot of plots) {
    const at = plot.getBoundingClientRect();
    ctx.drawImage(plot, margin + at.left - box.left, head + at.top - box.top, at.width, at.height);
  }
  for (const text of root.querySelectorAll('[data-png]')) {
    const at = text.getBoundingClientRect();
    write(text.textContent, margin + at.left - box.left, head + at.top - box.top + at.height / 2, ink);
  }
  for (const { s, x, row } of places) {
    const y = head + bottom + margin / 2 + row * line + line / 2;
    ctx.fillStyle = dark ? s.colour.dark : s.colour.light;
    ctx.fillRect(margin + x, y - 5, 10, 10);
    write(s.label, margin + x + 15, y, ink);
  }
  return new Promise((done, failed) => canvas.toBlob((blob) => (blob === null ? failed(new Error('the picture is too large')) : done(blob)), 'image/png'));
}

/** Where the names of the legend stand, in rows of a width. */
export function legendPlaces(series: readonly ChartSeries[], width: number): { s: ChartSeries; x: number; row: number }[] {
  let [x, row] = [0, 0];
  return series.map((s) => {
    const size = 15 + s.label.length * 6.6 + 16;
    if (x > 0 && x + size > width) [x, row] = [0, row + 1];
    const place = { s, x, row };
    x += size;
    return place;
  });
}
