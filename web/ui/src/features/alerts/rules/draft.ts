/** A rule as the form has it, and how it becomes a document and back. What the form does not know stays as it was. */

import { withoutInfo } from '@/panels/resources/document';
import type { ResourceDocument } from '../types';

export interface DimensionDraft {
  name: string;
  operator: string;
  values: string[];
}

export interface CriterionDraft {
  metric: string;
  aggregation: string;
  dynamic: boolean;
  operator: string;
  /** As it was typed. */
  threshold: string;
  sensitivity: string;
  ignoreBefore: string;
  dimensions: DimensionDraft[];
  query: string;
  measure: string;
  resourceId: string;
  /** Fields that the form does not know, such as the name. */
  rest: Record<string, unknown>;
}

export interface RuleDraft {
  kind: 'metric' | 'log';
  name: string;
  description: string;
  severity: number;
  enabled: boolean;
  scopes: string[];
  frequency: string;
  window: string;
  criteria: CriterionDraft[];
  failing: number;
  periods: number;
  autoMitigate: boolean;
  mute: string;
  noData: string;
  filter: string;
  grace: string;
  runbook: string;
  groups: string[];
  rest: Record<string, unknown>;
}

export const emptyCriterion: CriterionDraft = { metric: '', aggregation: '', dynamic: false, operator: 'GreaterThan', threshold: '', sensitivity: 'Medium', ignoreBefore: '', dimensions: [], query: '', measure: '', resourceId: '', rest: {} };

const emptyRule: RuleDraft = {
  kind: 'metric',
  name: '',
  description: '',
  severity: 2,
  enabled: true,
  scopes: [],
  frequency: 'PT1M',
  window: 'PT5M',
  criteria: [emptyCriterion],
  failing: 1,
  periods: 1,
  autoMitigate: true,
  mute: 'PT0S',
  noData: 'ignore',
  filter: '',
  grace: '',
  runbook: '',
  groups: [],
  rest: {},
};

/** A new rule of what a link says: kind, scope, metric, aggregation, filter, split, threshold, query. */
export function draftOfLink(params: URLSearchParams): RuleDraft {
  const text = (name: string) => params.get(name) ?? '';
  const split = params
    .getAll('split')
    .flatMap((s) => s.split(','))
    .map((s) => s.trim())
    .filter((s) => s !== '');
  const aggregation = text('aggregation');
  const log = text('kind') === 'log' || text('query') !== '';
  return {
    ...emptyRule,
    kind: log ? 'log' : 'metric',
    scopes: params.getAll('scope').filter((s) => s !== ''),
    filter: text('filter'),
    ...(log ? { frequency: 'PT5M' } : {}),
    criteria: [
      {
        ...emptyCriterion,
        metric: text('metric'),
        aggregation: log ? 'Count' : aggregation === '' ? '' : aggregation.charAt(0).toUpperCase() + aggregation.slice(1).toLowerCase(),
        threshold: text('threshold'),
        query: text('query'),
        dimensions: split.map((name) => ({ name, operator: 'Include', values: ['*'] })),
      },
    ],
  };
}

const str = (value: unknown, fallback = ''): string => (typeof value === 'string' ? value : fallback);
const num = (value: unknown, fallback: number): number => (typeof value === 'number' ? value : fallback);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const record = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {});

/** The draft of a metric or log rule. */
export function draftOfRule(rule: ResourceDocument): RuleDraft {
  const { kind, name, description, severity, enabled, scopes, evaluationFrequency, windowSize, criteria, autoMitigate, muteActionsDuration, noDataPolicy, filter, gracePeriod, runbookUrl, actions, ...rest } = withoutInfo(rule);
  const all = list(record(criteria).allOf).map(record);
  const failing = record(all[0]?.failingPeriods);
  const dynamic = all[0]?.criterionType === 'DynamicThresholdCriterion';
  return {
    kind: kind === 'log' ? 'log' : 'metric',
    name: str(name),
    description: str(description),
    severity: num(severity, 3),
    enabled: enabled !== false,
    scopes: list(scopes).map((s) => str(s)),
    frequency: str(evaluationFrequency, 'PT1M'),
    window: str(windowSize, 'PT5M'),
    criteria: all.map(draftOfCriterion),
    failing: num(failing.minFailingPeriodsToAlert, dynamic ? 3 : 1),
    periods: num(failing.numberOfEvaluationPeriods, dynamic ? 4 : 1),
    autoMitigate: autoMitigate !== false,
    mute: str(muteActionsDuration, 'PT0S'),
    noData: str(noDataPolicy, 'ignore'),
    filter: str(filter),
    grace: str(gracePeriod),
    runbook: str(runbookUrl),
    groups: list(actions).map((a) => str(record(a).actionGroupId)),
    rest: { ...rest, actions },
  };
}

function draftOfCriterion(criterion: Record<string, unknown>): CriterionDraft {
  const { criterionType, metricName, timeAggregation, operator, threshold, alertSensitivity, ignoreDataBefore, dimensions, query, metricMeasureColumn, resourceIdColumn, ...others } = criterion;
  const rest = Object.fromEntries(Object.entries(others).filter(([field]) => field !== 'failingPeriods')); // the rule's, not one criterion's
  return {
    metric: str(metricName),
    aggregation: str(timeAggregation),
    dynamic: criterionType === 'DynamicThresholdCriterion',
    operator: str(operator, 'GreaterThan'),
    threshold: typeof threshold === 'number' ? String(threshold) : '',
    sensitivity: str(alertSensitivity, 'Medium'),
    ignoreBefore: str(ignoreDataBefore),
    dimensions: list(dimensions)
      .map(record)
      .map((d) => ({ name: str(d.name), operator: str(d.operator, 'Include'), values: list(d.values).map((v) => str(v)) })),
    query: str(query),
    measure: str(metricMeasureColumn),
    resourceId: str(resourceIdColumn),
    rest,
  };
}

/** The number that somebody typed; what is none is left to the server to refuse. */
export function parseThreshold(text: string): number | undefined {
  const trimmed = text.trim();
  const value = Number(trimmed);
  return trimmed === '' || !Number.isFinite(value) ? undefined : value;
}

/** The document of a draft: what is empty is left out. */
export function ruleOfDraft(draft: RuleDraft): { name: string; [field: string]: unknown } {
  const { actions: before, ...rest } = draft.rest;
  const known = list(before).map(record);
  const optional: Record<string, unknown> = {};
  const put = (field: string, value: string) => {
    if (value.trim() !== '') optional[field] = value.trim();
  };
  put('description', draft.description);
  put('gracePeriod', draft.grace);
  put('runbookUrl', draft.runbook);
  if (draft.kind === 'metric') {
    put('filter', draft.filter);
    put('noDataPolicy', draft.noData);
  }
  if (!draft.autoMitigate) put('muteActionsDuration', draft.mute);
  return {
    ...rest,
    name: draft.name,
    kind: draft.kind,
    severity: draft.severity,
    enabled: draft.enabled,
    scopes: draft.scopes,
    evaluationFrequency: draft.frequency,
    windowSize: draft.window,
    criteria: { allOf: draft.criteria.map((c) => criterionOfDraft(c, draft)) },
    autoMitigate: draft.autoMitigate,
    ...optional,
    // What a group is sent besides goes with the group.
    actions: draft.groups.map((id) => known.find((a) => a.actionGroupId === id) ?? { actionGroupId: id }),
  };
}

function criterionOfDraft(c: CriterionDraft, draft: RuleDraft): Record<string, unknown> {
  const threshold = parseThreshold(c.threshold);
  const bound = c.dynamic && draft.kind === 'metric' ? { criterionType: 'DynamicThresholdCriterion', alertSensitivity: c.sensitivity, ...(c.ignoreBefore.trim() === '' ? {} : { ignoreDataBefore: c.ignoreBefore.trim() }) } : threshold === undefined ? {} : { threshold };
  const asked =
    draft.kind === 'log'
      ? { query: c.query, timeAggregation: c.aggregation, ...(c.aggregation === 'Count' ? {} : { metricMeasureColumn: c.measure }), ...(c.resourceId.trim() === '' ? {} : { resourceIdColumn: c.resourceId.trim() }) }
      : { metricName: c.metric, timeAggregation: c.aggregation };
  return {
    ...c.rest,
    ...asked,
    operator: c.operator,
    ...bound,
    ...(c.dimensions.length === 0 ? {} : { dimensions: c.dimensions }),
    failingPeriods: { numberOfEvaluationPeriods: draft.periods, minFailingPeriodsToAlert: draft.failing },
  };
}

/** What is still to be said before a preview can be asked for, in words; nothing if it can. */
export function missing(draft: RuleDraft): string[] {
  const out: string[] = [];
  if (draft.kind === 'metric' && draft.scopes.length === 0) out.push('a scope');
  if (draft.criteria.some((c) => (draft.kind === 'log' ? c.query.trim() === '' : c.metric === ''))) out.push(draft.kind === 'log' ? 'a query' : 'a metric');
  if (draft.criteria.some((c) => c.aggregation === '' && c.metric !== '')) out.push('an aggregation');
  if (draft.criteria.some((c) => !c.dynamic && parseThreshold(c.threshold) === undefined)) out.push('a threshold');
  return out;
}

/** The draft with the usual aggregation of each metric for which none was chosen yet. */
export function withUsualAggregation(draft: RuleDraft, usual: (metric: string) => string | undefined): RuleDraft {
  if (draft.criteria.every((c) => c.aggregation !== '' || c.metric === '')) return draft;
  return { ...draft, criteria: draft.criteria.map((c) => (c.aggregation === '' ? { ...c, aggregation: usual(c.metric) ?? '' } : c)) };
}
