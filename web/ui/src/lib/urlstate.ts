/** What a whole page is about besides its scope, as the URL has it: last or start and end, utc, refresh, compare. */

import { defaultRange, formatLength, formatUTC, parseInstant, parseLength, type TimeRange } from './time';

export interface PageView {
  range: TimeRange;
  utc: boolean;
  /** Milliseconds between two refreshes; 0 for none. */
  refresh: number;
  /** What to compare with, in the words of /api/v1/metrics: previous, 1d, 7d; empty for nothing. */
  compare: string;
}

export const defaultRefresh = 10_000;

export const defaultView: PageView = { range: defaultRange, utc: false, refresh: defaultRefresh, compare: '' };

/** The parameters that go along from page to page. */
export const viewParams = ['last', 'start', 'end', 'utc', 'refresh', 'compare'] as const;

const timeParams = ['last', 'start', 'end'] as const;

/** Reads a view. What is absent or wrong is as by default: a link that somebody mistyped still opens. */
export function parseView(params: URLSearchParams): PageView {
  return {
    range: parseRange(params),
    utc: params.get('utc') === '1',
    refresh: parseRefresh(params),
    compare: parseCompare(params.get('compare')),
  };
}

function parseRange(params: URLSearchParams): TimeRange {
  const start = parseInstant(params.get('start') ?? '');
  const end = parseInstant(params.get('end') ?? '');
  if (start !== undefined && end !== undefined && end > start) return { kind: 'absolute', start, end };
  const length = parseLength(params.get('last') ?? '');
  return length === undefined ? defaultRange : { kind: 'relative', length };
}

// A fixed range does not change, so it is not asked for again unless the URL says so.
function parseRefresh(params: URLSearchParams): number {
  const text = params.get('refresh');
  if (text === 'off') return 0;
  const given = parseLength(text ?? '');
  if (given !== undefined) return Math.max(given, 1000);
  return parseRange(params).kind === 'absolute' ? 0 : defaultRefresh;
}

function parseCompare(text: string | null): string {
  if (text === null) return '';
  return text === 'previous' || parseLength(text) !== undefined ? text : '';
}

/**
 * Writes a view into parameters, leaving all others as they are. What is as by default is left out, unless the parameters spoke of it
 * before: a dashboard may open with a time of its own, and what somebody chose instead must stay chosen.
 */
export function writeView(params: URLSearchParams, view: PageView): URLSearchParams {
  const out = new URLSearchParams(params);
  for (const name of viewParams) out.delete(name);
  const timed = timeParams.some((name) => params.has(name));
  const { range } = view;
  if (range.kind === 'absolute') {
    out.set('start', formatUTC(range.start));
    out.set('end', formatUTC(range.end));
  } else if (timed || range.length !== (defaultRange as { length: number }).length) {
    out.set('last', formatLength(range.length));
  }
  if (view.utc) out.set('utc', '1');
  const usual = range.kind === 'absolute' ? 0 : defaultRefresh;
  const chosen = params.has('refresh') && range.kind !== 'absolute';
  if (chosen || view.refresh !== usual) out.set('refresh', view.refresh === 0 ? 'off' : formatLength(view.refresh));
  if (view.compare !== '') out.set('compare', view.compare);
  return out;
}

/** The search of a link to another page: only what goes along, and what the link adds. */
export function carryView(params: URLSearchParams, added: Record<string, string> = {}): string {
  const out = new URLSearchParams();
  for (const name of viewParams) {
    const value = params.get(name);
    if (value !== null) out.set(name, value);
  }
  for (const [name, value] of Object.entries(added)) out.set(name, value);
  const text = out.toString();
  return text === '' ? '' : `?${text}`;
}
