/** What a preview of a rule says, as charts and as words. */

import type { Span } from '@/lib/time';
import { scopeName, scopeParts } from '@/lib/scope';
import type { Preview, PreviewSeries } from './types';

export interface WatchedSeries {
  key: string;
  label: string;
  values: (number | null)[];
  lower: (number | null)[] | null;
  upper: (number | null)[] | null;
  /** How often it would have fired. */
  fired: number;
}

/** What one criterion would have seen: one chart. */
export interface CriterionView {
  criterion: string;
  /** The instants of the checks. */
  times: number[];
  /** Those that fired first, then the greatest first. */
  series: WatchedSeries[];
  /** The bounds where they are the same for all series at all times: static thresholds. */
  fixed: number[] | null;
}

export interface Firing {
  scope: string;
  dimensions: Record<string, string>;
  at: number;
  /** When it resolved; null where it had not at the end. */
  until: number | null;
  value: number | null;
}

const levelNames: readonly string[] = ['endpoint', 'deployment', 'instance'];

type Placed = { scope?: string; dimensions: Record<string, string> };

/** The dimensions that a scope does not say. Series of Prometheus rules have no scope: theirs say everything. */
export function ownDimensions({ scope, dimensions }: Placed): Record<string, string> {
  if (scope === undefined || scope === '') return dimensions;
  return Object.fromEntries(Object.entries(dimensions).filter(([name]) => !levelNames.includes(name)));
}

/** Where something fired, in words: its scope and what else sets it apart. Labels that all series share say nothing. */
export function whereText(f: Placed, series: readonly Placed[]): string {
  const { scope = '' } = f;
  const shared = (name: string) => scope === '' && series.length > 0 && series.every((s) => s.dimensions[name] === f.dimensions[name]);
  const place = scope === '' ? levelNames.flatMap((name) => f.dimensions[name] ?? []).join('/') : scope;
  const rest = Object.entries(ownDimensions(f)).filter(([name]) => !levelNames.includes(name) && !shared(name));
  const text = [place, ...rest.map(([name, value]) => `${name} ${value === '' ? '(none)' : value}`)].filter((part) => part !== '').join(', ');
  return text === '' ? (f.dimensions.alertname ?? '') : text;
}

const identity = (s: Placed) => JSON.stringify([s.scope ?? '', Object.entries(ownDimensions(s)).sort(([a], [b]) => (a < b ? -1 : 1))]);

/** Every time that the rule would have fired, in order, with its end. */
export function firings(preview: Pick<Preview, 'events'>): Firing[] {
  const open = new Map<string, Firing>();
  const out: Firing[] = [];
  for (const event of preview.events) {
    const key = identity(event);
    if (event.state === 'resolved') {
      const firing = open.get(key);
      if (firing !== undefined) firing.until = Date.parse(event.at);
      open.delete(key);
      continue;
    }
    const firing = { scope: event.scope ?? '', dimensions: event.dimensions, at: Date.parse(event.at), until: null, value: event.value };
    open.set(key, firing);
    out.push(firing);
  }
  return out;
}

/** How long something was fired, over all series together, up to an end. */
export function firedTime(all: readonly Firing[], end: number): number {
  return firedSpans(all, end).reduce((total, s) => total + s.end - s.start, 0);
}

/** When anything was fired, in order, each time once. */
function firedSpans(all: readonly Firing[], end: number): Span[] {
  const out: Span[] = [];
  for (const f of [...all].sort((a, b) => a.at - b.at)) {
    const until = f.until ?? end;
    const before = out.at(-1);
    if (before !== undefined && f.at <= before.end) before.end = Math.max(before.end, until);
    else out.push({ start: f.at, end: until });
  }
  return out;
}

/** How much of the time checks had a value, in milliseconds. */
export interface DataTime {
  withData: number;
  withoutData: number;
  firedWithData: number;
  firedWithoutData: number;
}

/**
 * The time whose checks had a value of any criterion, and that for which something was fired; each check stands for the time up to the
 * next one. Undefined where the answer does not tell: alerts without a bound have values only while they are true, and series that were
 * left out may have had values at other checks.
 */
export function dataTime(preview: Pick<Preview, 'end' | 'seriesTotal'>, views: readonly CriterionView[], all: readonly Firing[]): DataTime | undefined {
  if (views.some((v) => v.series.some((s) => s.lower === null && s.upper === null))) return undefined;
  const end = Date.parse(preview.end);
  const checks = checksOf(views);
  const spans = firedSpans(all, end);
  const out: DataTime = { withData: 0, withoutData: 0, firedWithData: 0, firedWithoutData: 0 };
  checks.forEach(({ at, hasValue }, i) => {
    const length = (checks[i + 1]?.at ?? end) - at;
    const fired = spans.some((s) => s.start <= at && at < s.end) ? length : 0;
    out[hasValue ? 'withData' : 'withoutData'] += length;
    out[hasValue ? 'firedWithData' : 'firedWithoutData'] += fired;
  });
  return preview.seriesTotal !== undefined && out.withoutData > 0 ? undefined : out;
}

/** The checks in order, and whether any criterion had a value. */
function checksOf(views: readonly CriterionView[]): { at: number; hasValue: boolean }[] {
  const checks = new Map<number, boolean>();
  for (const { times, series } of views) times.forEach((at, i) => checks.set(at, checks.get(at) === true || series.some((s) => typeof s.values[i] === 'number')));
  return [...checks].map(([at, hasValue]) => ({ at, hasValue })).sort((a, b) => a.at - b.at);
}

/** The charts of a preview, one for each criterion. */
export function criterionViews(preview: Preview): CriterionView[] {
  const counts = new Map<string, number>();
  for (const f of firings(preview)) counts.set(identity(f), (counts.get(identity(f)) ?? 0) + 1);
  const names = [...new Set(preview.series.map((s) => s.criterion))];
  return names.map((criterion) => {
    const own = preview.series.filter((s) => s.criterion === criterion);
    const label = labeller(own);
    const times = timesOf(own);
    const at = new Map(times.map((t, i) => [t, i]));
    const spread = (s: PreviewSeries, values: readonly (number | null)[]) => {
      if (s.timestamps.length === times.length) return [...values]; // all of them, in order
      const out: (number | null)[] = times.map(() => null);
      s.timestamps.forEach((t, i) => {
        const index = at.get(Date.parse(t));
        if (index !== undefined) out[index] = values[i] ?? null;
      });
      return out;
    };
    const series = own.map((s) => ({
      key: identity(s),
      label: label(s),
      values: spread(s, s.values),
      lower: s.lower === null ? null : spread(s, s.lower),
      upper: s.upper === null ? null : spread(s, s.upper),
      fired: counts.get(identity(s)) ?? 0,
    }));
    const top = (s: WatchedSeries) => Math.max(...s.values.map((v) => v ?? Number.NEGATIVE_INFINITY));
    series.sort((a, b) => b.fired - a.fired || top(b) - top(a) || a.label.localeCompare(b.label));
    return { criterion, times, series, fixed: fixedBounds(own) };
  });
}

/** The instants of some series. Most often they are the same for all: thousands of texts are read once. */
function timesOf(series: readonly PreviewSeries[]): number[] {
  const [first] = series;
  if (first === undefined) return [];
  const alike = series.every(({ timestamps: t }) => t.length === first.timestamps.length && t[0] === first.timestamps[0] && t.at(-1) === first.timestamps.at(-1));
  if (alike) return first.timestamps.map((t) => Date.parse(t));
  return [...new Set(series.flatMap((s) => s.timestamps.map((t) => Date.parse(t))))].sort((a, b) => a - b);
}

function fixedBounds(series: readonly PreviewSeries[]): number[] | null {
  const bounds = new Set<number>();
  for (const side of ['lower', 'upper'] as const) {
    const values = new Set(series.flatMap((s) => s[side] ?? []));
    if (values.size > 1 || values.has(null)) return null;
    for (const v of values) if (v !== null) bounds.add(v);
  }
  return [...bounds];
}

function labeller(series: readonly PreviewSeries[]): (s: PreviewSeries) => string {
  const all = series.map((s) => scopeParts(s.scope ?? ''));
  const [first = []] = all;
  // What all have in common says nothing.
  const same = first.findIndex((part, i) => all.some((parts) => parts[i] !== part));
  const differs = (name: string) => series.some((s) => s.dimensions[name] !== series[0]?.dimensions[name]);
  return (s) => {
    const scope = s.scope ?? '';
    const parts = scopeParts(scope);
    const own = Object.entries(ownDimensions(s))
      .filter(([name]) => scope !== '' || (differs(name) && name !== 'alertname'))
      .map(([name, value]) => (levelNames.includes(name) ? value : `${name} ${value === '' ? '(none)' : value}`));
    const place = scope === '' ? [] : [same < 0 ? scopeName(scope) : parts.slice(same).join('/')];
    return [...place, ...own].join(' · ') || s.dimensions.alertname || 'value';
  };
}

/** The time that a preview covers. */
export function previewSpan(preview: Preview): Span {
  return { start: Date.parse(preview.start), end: Date.parse(preview.end) };
}

/** Only the series and events of one target and its dimensions, where there are some; else all of them. Those without a scope are told by labels. */
export function onlySeries(preview: Preview, scope: string, dimensions: Record<string, string>, labels: Record<string, string> = {}): Preview {
  const alike = (s: Placed, names: Record<string, string>) => Object.entries(names).every(([name, value]) => s.dimensions[name] === undefined || s.dimensions[name] === value);
  const fits = (s: Placed) => ((s.scope ?? '') === '' ? alike(s, labels) : s.scope === scope && alike(s, dimensions));
  const series = preview.series.filter(fits);
  return series.length === 0 ? preview : { ...preview, series, events: preview.events.filter(fits) };
}
