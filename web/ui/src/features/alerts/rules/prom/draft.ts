/** A group of Prometheus rules as the form has it, and how it becomes a document and back. What the form does not know stays as it was. */

import { withoutInfo } from '@/panels/resources/document';
import type { ResourceDocument } from '../../types';

/** A label or annotation as it is typed. */
export interface Pair {
  name: string;
  value: string;
}

export interface PromRuleDraft {
  record: boolean;
  /** Of the alert, or of the series that is recorded. */
  name: string;
  expr: string;
  hold: string;
  keep: string;
  labels: Pair[];
  annotations: Pair[];
  rest: Record<string, unknown>;
}

export interface PromDraft {
  name: string;
  description: string;
  enabled: boolean;
  groups: string[];
  interval: string;
  rules: PromRuleDraft[];
  /** What else the document, and the group in it, have. */
  rest: Record<string, unknown>;
  groupRest: Record<string, unknown>;
}

export const emptyPromRule: PromRuleDraft = { record: false, name: '', expr: '', hold: '', keep: '', labels: [{ name: 'severity', value: 'warning' }], annotations: [{ name: 'summary', value: '' }], rest: {} };

export const emptyProm: PromDraft = { name: '', description: '', enabled: true, groups: [], interval: '1m', rules: [emptyPromRule], rest: {}, groupRest: {} };

/** A new group of what a link says: the expression of a chart. */
export function promOfLink(params: URLSearchParams): PromDraft {
  const queries = params.getAll('query').filter((q) => q.trim() !== '');
  return queries.length === 0 ? emptyProm : { ...emptyProm, rules: queries.map((expr) => ({ ...emptyPromRule, expr })) };
}

const record = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const str = (value: unknown): string => (typeof value === 'string' ? value : '');
const pairs = (value: unknown): Pair[] => Object.entries(record(value)).map(([name, text]) => ({ name, value: str(text) }));

export function promOfRule(document: ResourceDocument): PromDraft {
  const { name, description, enabled, actions, group, ...rest } = withoutInfo(document);
  const { interval, rules, ...groupRest } = record(group);
  return {
    name: str(name),
    description: str(description),
    enabled: enabled !== false,
    groups: list(actions).map((a) => str(record(a).actionGroupId)),
    interval: str(interval),
    rules: list(rules).map(record).map(draftOfRule),
    rest: { ...rest, actions },
    groupRest,
  };
}

function draftOfRule({ alert, record: recorded, expr, for: hold, keep_firing_for: keep, labels, annotations, ...rest }: Record<string, unknown>): PromRuleDraft {
  return { record: recorded !== undefined, name: str(recorded ?? alert), expr: str(expr), hold: str(hold), keep: str(keep), labels: pairs(labels), annotations: pairs(annotations), rest };
}

/** The document of a draft: what is empty is left out. A group without a name has that of the rule. */
export function ruleOfProm(draft: PromDraft): { name: string; [field: string]: unknown } {
  const { actions: before, ...rest } = draft.rest;
  const known = list(before).map(record);
  const name = draft.name;
  return {
    ...rest,
    name,
    kind: 'prometheus',
    ...(draft.description.trim() === '' ? {} : { description: draft.description }),
    enabled: draft.enabled,
    group: { name: name === '' ? 'preview' : name, ...draft.groupRest, ...(draft.interval.trim() === '' ? {} : { interval: draft.interval.trim() }), rules: draft.rules.map(ruleOfDraft) },
    actions: draft.groups.map((id) => known.find((a) => a.actionGroupId === id) ?? { actionGroupId: id }),
  };
}

function ruleOfDraft({ record: recorded, name, expr, hold, keep, labels, annotations, rest }: PromRuleDraft): Record<string, unknown> {
  const own: Record<string, unknown> = { ...rest, [recorded ? 'record' : 'alert']: name, expr };
  if (labels.some(isFilled)) own.labels = filled(labels);
  if (recorded) return own;
  if (hold.trim() !== '') own.for = hold.trim();
  if (keep.trim() !== '') own.keep_firing_for = keep.trim();
  if (annotations.some(isFilled)) own.annotations = filled(annotations);
  return own;
}

const isFilled = ({ name, value }: Pair) => name.trim() !== '' && value !== '';
const filled = (all: readonly Pair[]) => Object.fromEntries(all.filter(isFilled).map((p) => [p.name.trim(), p.value]));

/** What is still to be said before a preview can be asked for, in words; nothing if it can. */
export function missingOfProm(draft: PromDraft): string[] {
  const out: string[] = [];
  if (draft.rules.length === 0) out.push('a rule');
  if (draft.rules.some((r) => r.expr.trim() === '')) out.push('an expression');
  if (draft.rules.some((r) => r.name.trim() === '')) out.push('the name of each alert');
  if (out.length === 0 && draft.rules.every((r) => r.record)) out.push('an alert: rules that record have nothing to fire');
  return out;
}
