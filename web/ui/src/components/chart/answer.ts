/** From answers of /api/v1/metrics to what a chart draws. */

import type { MetricsAnswer, MetricsSeries } from '@/api/types';
import { coloursFor } from '@/lib/palette';
import { scopeName } from '@/lib/scope';
import { parseLength } from '@/lib/time';
import { unitOf } from '@/lib/units';
import type { ChartData, ChartSeries } from './model';

const values = (series: MetricsSeries) => Object.values(series.dimensions).map((v) => (v === '' ? '(none)' : v));

/** What a series is called: the values of its split, or of the folded rest how many they are, or the scope. */
export function seriesLabel(series: MetricsSeries): string {
  if (series.folded !== undefined) return `${series.folded} others`;
  const split = values(series);
  return split.length === 0 ? scopeName(series.scope) : split.join(' · ');
}

/** Names that tell the series of an answer apart: of metric and aggregation what differs among them, the split's values, and the scope where it needs that. */
export function tellingLabels(answer: MetricsAnswer, displayName: (metric: string) => string): (series: MetricsSeries) => string {
  const several = (of: (s: MetricsSeries) => string) => new Set(answer.series.map(of)).size > 1;
  const metrics = several((s) => s.metric);
  const aggregations = several((s) => s.aggregation);
  const label = (s: MetricsSeries, scopes: boolean): string => {
    const parts: string[] = [];
    if (metrics) parts.push(displayName(s.metric));
    if (aggregations) parts.push(s.aggregation);
    if (s.folded !== undefined) return [...parts, `${s.folded} others`].join(' · ');
    if (scopes) parts.push(s.scope);
    parts.push(...values(s));
    return parts.length > 0 ? parts.join(' · ') : displayName(s.metric);
  };
  // A split by instances says by itself to which scope each belongs, unless two have one name.
  const split = answer.series.some((s) => values(s).length > 0);
  const alike = new Set(answer.series.map((s) => label(s, false))).size < answer.series.length;
  const scopes = several((s) => s.scope) && (!split || alike);
  return (s) => label(s, scopes);
}

/** The series of an answer. `name` makes labels where there is more than one metric. */
export function chartSeries(answer: MetricsAnswer, name: (series: MetricsSeries) => string = seriesLabel): ChartSeries[] {
  const labels = answer.series.map(name);
  const colours = coloursFor(labels);
  return answer.series.map((s, i) => ({
    key: [s.scope, s.metric, s.aggregation, ...Object.values(s.dimensions), s.folded === undefined ? '' : 'folded'].join('\u0001'),
    label: labels[i] ?? '',
    colour: colours[i] ?? { light: '#56606b', dark: '#a9b4c0' },
    unit: unitOf(s.metric, s.unit, s.aggregation),
    values: s.values,
    past: s.compare?.values,
  }));
}

/** All that a chart shows of an answer. */
export function chartData(answer: MetricsAnswer, name?: (series: MetricsSeries) => string): ChartData {
  const series = chartSeries(answer, name);
  return { times: answer.timestamps, interval: intervalOf(answer), span: spanOf(answer), partialFrom: answer.partial_from ?? undefined, unit: series[0]?.unit ?? '', series };
}

/** One answer from those to several questions over one span: the series of all, at the times of all. */
export function mergeAnswers(answers: readonly MetricsAnswer[]): MetricsAnswer {
  const [first, ...rest] = answers;
  if (first === undefined) throw new Error('no answers');
  if (rest.length === 0) return first;
  const timestamps = [...new Set(answers.flatMap((a) => a.timestamps))].sort((a, b) => a - b);
  const series = answers.flatMap((a) => {
    if (a.timestamps.length === timestamps.length) return a.series;
    const places = timestamps.map((t) => a.timestamps.indexOf(t));
    const place = (list: readonly (number | null)[]) => places.map((at) => list[at] ?? null);
    return a.series.map((s) => ({ ...s, values: place(s.values), ...(s.compare === undefined ? {} : { compare: { ...s.compare, values: place(s.compare.values), difference: place(s.compare.difference) } }) }));
  });
  const partial = answers.map((a) => a.partial_from).filter((t) => t != null);
  const cut = answers.map((a) => a.truncated).filter((t) => t != null);
  return {
    ...first,
    timestamps,
    series,
    partial_from: partial.length === 0 ? null : Math.min(...partial),
    truncated: cut.length === 0 ? null : { shown: cut.reduce((n, t) => n + (t.shown ?? 0), 0), total: cut.reduce((n, t) => n + (t.total ?? 0), 0) },
    warnings: [...new Set(answers.flatMap((a) => a.warnings))],
  };
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

/** What answers leave out or warn of: "12 of 812 series", where some are missing, and what the server says. */
export function notesOf(...answers: readonly (MetricsAnswer | undefined)[]): string | undefined {
  return joinNotes(answers.flatMap(notesIn));
}

/** The same, note by note. */
export function notesIn(answer: MetricsAnswer | undefined): string[] {
  if (answer === undefined) return [];
  const { truncated, warnings } = answer;
  return [...(truncated == null ? [] : [`Showing ${truncated.shown ?? 0} of ${truncated.total ?? 0} series`]), ...warnings];
}

/** Notes as a panel's line; none where there are none. */
export function joinNotes(notes: readonly string[]): string | undefined {
  return notes.length === 0 ? undefined : [...new Set(notes)].join(' · ');
}
