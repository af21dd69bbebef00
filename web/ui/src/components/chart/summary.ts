/** A chart in words, for whoever cannot see it. */

import { formatInstant } from '@/lib/time';
import { formatValue } from '@/lib/units';
import { summarise, type ChartData, type Mark } from './model';

const few = 5;

/** How many series there are, over what time, what the first of them come to, and what happened. */
export function inWords({ series, span, unit, times, partialFrom }: ChartData, utc: boolean, marks: readonly Mark[]): string {
  const ended = partialFrom === undefined ? times.length : times.filter((t) => t < partialFrom).length;
  const lines = series.slice(0, few).map((s) => {
    const { last, min, max } = summarise(s.values.slice(0, ended === 0 ? times.length : ended));
    const show = (value: number | null) => formatValue(value, s.unit ?? unit);
    return max === null ? `${s.label} has no data` : `${s.label} last ${show(last)}, least ${show(min)}, greatest ${show(max)}`;
  });
  if (series.length > few) lines.push(`and ${series.length - few} more`);
  const shown = marks.filter((m) => m.at >= span.start && m.at <= span.end);
  const signs = shown.length === 0 ? '' : ` ${shown.length} ${shown.length === 1 ? 'mark' : 'marks'}: ${shown.slice(0, few).map((m) => m.label).join('; ')}${shown.length > few ? '; and more' : ''}.`;
  return `${series.length} series from ${formatInstant(span.start, utc)} to ${formatInstant(span.end, utc)}. ${lines.join('. ')}.${signs}`;
}
