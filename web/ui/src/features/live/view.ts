/** What the Live page is about, as its URL has it. */

import { useMemo } from 'react';
import { formatLength, parseLength, second } from '@/lib/time';
import { useParamState } from '@/view/params';
import type { Split } from './buffer';
import { isPercentile, type PercentileKey } from './durations';
import type { LiveQuestion } from './types';

export interface LiveView extends LiveQuestion {
  /** How much the charts show, in milliseconds. */
  length: number;
  /** Over how much figures and percentiles are, in milliseconds. */
  over: number;
  split: Split;
  /** The percentile that parts are compared by. */
  percentile: PercentileKey;
}

export const lengths = [60, 120, 300].map((n) => n * second);
export const overs = [1, 5, 10, 30, 60].map((n) => n * second);

/** Reads a view. What is absent or wrong is as by default: a link that somebody mistyped still opens. */
export function parseLiveView(params: URLSearchParams): LiveView {
  const split = params.get('split') ?? '';
  const percentile = params.get('percentile') ?? '';
  return {
    scope: params.get('scope') ?? '*',
    filter: (params.get('filter') ?? '').trim(),
    least: (params.get('min_duration') ?? '').trim(),
    length: oneOf(params.get('show'), lengths, 120 * second),
    over: oneOf(params.get('over'), overs, 10 * second),
    split: split === 'children' || split === 'instances' ? split : 'none',
    percentile: isPercentile(percentile) ? percentile : 'p95',
  };
}

function oneOf(text: string | null, allowed: readonly number[], usual: number): number {
  const length = parseLength(text ?? '');
  return length !== undefined && allowed.includes(length) ? length : usual;
}

/** The view and how to change it. What is as by default is not in the URL. */
export function useLiveView() {
  const { params, set } = useParamState();
  const key = params.toString();
  const view = useMemo(() => parseLiveView(new URLSearchParams(key)), [key]);
  const change = (part: Partial<LiveView>) => {
    const usual = parseLiveView(new URLSearchParams());
    const out: Record<string, string | null> = {};
    const put = (name: string, value: string | undefined, left: string) => {
      if (value !== undefined) out[name] = value === left ? null : value;
    };
    put('scope', part.scope, usual.scope);
    put('filter', part.filter, '');
    put('min_duration', part.least, '');
    put('show', part.length === undefined ? undefined : formatLength(part.length), formatLength(usual.length));
    put('over', part.over === undefined ? undefined : formatLength(part.over), formatLength(usual.over));
    put('split', part.split, usual.split);
    put('percentile', part.percentile, usual.percentile);
    set(out);
  };
  return { view, change };
}
