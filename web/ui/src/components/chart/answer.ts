/** From answers of /api/v1/metrics to what a chart draws. */

import type { MetricsAnswer, MetricsSeries } from '@/api/types';
import { coloursFor } from '@/lib/palette';
import { scopeName } from '@/lib/scope';
import { parseLength } from '@/lib/time';
import type { ChartSeries } from './model';

/** What a series is called: the values of its split, or of the folded rest how many they are, or the scope. */
export function seriesLabel(series: MetricsSeries): string {
  if (series.folded !== undefined) return `${series.folded} others`;
  const values = Object.values(series.dimensions);
  return values.length === 0 ? scopeName(series.scope) : values.map((v) => (v === '' ? '(none)' : v)).join(' · ');
}

/** The series of an answer, optionally only those of one metric. `name` makes labels where there is more than one metric. */
export function chartSeries(answer: MetricsAnswer, name: (series: MetricsSeries) => string = seriesLabel): ChartSeries[] {
  const labels = answer.series.map(name);
  const colours = coloursFor(labels);
  return answer.series.map((s, i) => ({
    key: [s.scope, s.metric, s.aggregation, ...Object.values(s.dimensions), s.folded === undefined ? '' : 'folded'].join('\u0001'),
    label: labels[i] ?? '',
    colour: colours[i] ?? { light: '#56606b', dark: '#a9b4c0' },
    values: s.values,
    past: s.compare?.values,
  }));
}

/** Length of an answer's windows in milliseconds; of one window over everything that of the whole. */
export function intervalOf(answer: MetricsAnswer): number {
  return parseLength(answer.interval) ?? Date.parse(answer.end) - Date.parse(answer.start);
}

export function spanOf(answer: MetricsAnswer) {
  return { start: Date.parse(answer.start), end: Date.parse(answer.end) };
}

/** Whether no window of any series has a value. */
export function hasNoData(answer: MetricsAnswer): boolean {
  return answer.series.every((s) => s.values.every((v) => v === null));
}

/** "12 of 812 series", where some are missing. */
export function truncation(answer: MetricsAnswer): string | undefined {
  const t = answer.truncated;
  return t == null ? undefined : `Showing ${t.shown ?? 0} of ${t.total ?? 0} series`;
}
