/** The questions of a chart to the server. */

import { useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { previousTime } from '@/api/previous';
import { refreshed } from '@/api/refreshed';
import type { MetricsAnswer } from '@/api/types';
import { questionsOf, type ChartSpec } from '@/lib/chartspec';
import { parseLength, resolveRange, type Span } from '@/lib/time';
import { unitOf, type Unit } from '@/lib/units';
import type { PageView } from '@/lib/urlstate';
import { mergeAnswers } from '@/components/chart/answer';

const seconds = ({ start, end }: Span) => ({ start: start / 1000, end: end / 1000 });

/** The answer to all questions of a chart, over one span. */
export async function askSpec(spec: ChartSpec, span: Span, compare: string, signal: AbortSignal): Promise<MetricsAnswer> {
  const questions = questionsOf(spec).map((q) => ({ ...q, ...(compare === '' ? {} : { compare }), ...seconds(span) }));
  return mergeAnswers(await Promise.all(questions.map(async (question) => body(await api().POST('/api/v1/metrics', { body: question, signal })))));
}

/** A chart of metrics over the page's time, with its comparison. */
export function useSpec(spec: ChartSpec, view: PageView, enabled = true) {
  const queryKey = ['metrics', questionsOf(spec), view.compare, view.range];
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => askSpec(spec, resolveRange(view.range, Date.now()), view.compare, signal),
    enabled,
    refetchInterval: view.refresh || false,
    placeholderData: previousTime(queryKey),
  });
  return refreshed(query, view.refresh);
}

/** The table of a chart that asks one question, as the server writes it; undefined where it asks more, which have no common table. */
export async function specCSV(spec: ChartSpec, span: Span, compare: string): Promise<string | undefined> {
  const questions = questionsOf(spec);
  const [question] = questions;
  if (question === undefined || questions.length > 1) return undefined;
  const asked = { ...question, ...(compare === '' ? {} : { compare }), ...seconds(span) };
  // The type knows answers of JSON only.
  const text: unknown = body(await api().POST('/api/v1/metrics', { body: asked, headers: { Accept: 'text/csv' }, parseAs: 'text' }));
  return String(text);
}

export type PlanStep = NonNullable<MetricsAnswer['plan']>[number];

/** The expressions of PromQL that a chart was computed with. */
export function usePlan(spec: ChartSpec, span: Span, enabled: boolean) {
  return useQuery({
    queryKey: ['plan', questionsOf(spec), span.start, span.end],
    queryFn: ({ signal }) => askPlan(spec, span, signal),
    enabled,
    staleTime: Infinity,
  });
}

/** How a chart is computed, the units of its series, and what the server warns of. */
export async function askPlanned(spec: ChartSpec, span: Span, signal: AbortSignal): Promise<{ plan: PlanStep[]; units: Unit[]; warnings: string[] }> {
  const answers = await Promise.all(questionsOf(spec).map(async (q) => body(await api().POST('/api/v1/metrics', { body: { ...q, ...seconds(span), explain: 'plan' }, signal }))));
  const units = answers.flatMap((a) => a.series.map((s) => unitOf(s.metric, s.unit, s.aggregation)));
  return { plan: answers.flatMap((a) => a.plan ?? []), units: [...new Set(units)], warnings: answers.flatMap((a) => a.warnings) };
}

/** The steps of a plan alone. */
export async function askPlan(spec: ChartSpec, span: Span, signal: AbortSignal): Promise<PlanStep[]> {
  return (await askPlanned(spec, span, signal)).plan;
}

/** The expressions that a chart is drawn with, how far apart their instants are, and the units of what they give. */
export async function askExpressions(spec: ChartSpec, span: Span, signal: AbortSignal): Promise<{ expressions: string[]; step: string; units: Unit[] }> {
  if (spec.promql.length > 0) return { expressions: spec.promql, step: spec.interval, units: [spec.unit] };
  const { plan, units } = await askPlanned(spec, span, signal);
  // One window over all of the time is how a top is ranked, and what roll-ups were read for is there a second time, from the samples.
  const length = (p: PlanStep) => parseLength(p.step) ?? Number.POSITIVE_INFINITY;
  const step = Math.min(...plan.map(length));
  const drawn = plan.filter((p) => length(p) === step);
  const raw = drawn.filter((p) => p.rollup === '');
  const used = raw.length > 0 ? raw : drawn;
  return { expressions: [...new Set(used.map((p) => p.expr))], step: used[0]?.step ?? '', units };
}
