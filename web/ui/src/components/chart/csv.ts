/** A chart's values as a file for spreadsheets: RFC 4180, one line for each time, one column for each series. */

import { formatUTC } from '@/lib/time';
import type { ChartData } from './model';

export function chartCSV(data: ChartData): string {
  const compared = data.series.some((s) => s.past !== undefined);
  const head = ['time', ...data.series.flatMap((s) => [titled(s.label, s.unit ?? data.unit), ...(compared ? [`${s.label} before`] : [])])];
  const rows = data.times.map((t, i) => [formatUTC(t), ...data.series.flatMap((s) => [number(s.values[i]), ...(compared ? [number(s.past?.[i])] : [])])]);
  return [head.map(cell), ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

const titled = (label: string, unit: string) => (unit === '' ? label : `${label} (${unit})`);
const number = (value: number | null | undefined) => (value == null ? '' : String(value));

/** Text that a spreadsheet would take for a formula has an apostrophe before it. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A name for a file out of words: small letters, digits and hyphens. */
export function fileName(title: string, at: number, suffix: string): string {
  const words = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${words === '' ? 'chart' : words}-${formatUTC(at).replace(/[:.]/g, '')}.${suffix}`;
}
