/** Rules in words. */

import type { MetricDefinition } from '@/api/types';
import { formatValue } from '@/lib/units';
import { isoWords } from '../duration';
import { aggregationWord, criterionUnit, definitionAt, relationOf } from '../sentence';
import type { ResourceDocument } from '../types';
import { draftOfRule, parseThreshold, type CriterionDraft, type RuleDraft } from './draft';

/** When a rule fires: "average Request Latency P90 above 100 ms over 5 min". */
export function conditionText(rule: ResourceDocument, definitions: readonly MetricDefinition[]): string {
  if (rule.kind === 'prometheus') return prometheusText(rule.group);
  return draftText(draftOfRule(rule), definitions);
}

export function draftText(draft: RuleDraft, definitions: readonly MetricDefinition[]): string {
  const all = draft.criteria.map((c) => criterionText(c, draft, definitions)).join(', and ');
  const often = draft.periods > 1 ? `, in ${draft.failing} of ${draft.periods} checks` : '';
  return `${all}, over ${isoWords(draft.window)}${often}`;
}

function criterionText(c: CriterionDraft, draft: RuleDraft, definitions: readonly MetricDefinition[]): string {
  const definition = definitionAt(definitions, c.metric, draft.scopes[0]);
  const unit = draft.kind === 'log' ? '' : criterionUnit(definition, c.aggregation);
  const what = draft.kind === 'log' ? (c.aggregation === 'Count' ? 'rows of the query' : `${aggregationWord(c.aggregation)} ${c.measure} of the query`) : `${aggregationWord(c.aggregation)} ${definition?.display_name ?? c.metric}`;
  if (c.dynamic) {
    const side = { GreaterThan: 'above', LessThan: 'below' }[c.operator] ?? 'outside of';
    return `${what} ${side} its usual (${c.sensitivity.toLowerCase()} sensitivity)`;
  }
  const threshold = parseThreshold(c.threshold);
  return `${what} ${relationOf(c.operator)} ${threshold === undefined ? '…' : formatValue(threshold, unit)}`;
}

function prometheusText(group: unknown): string {
  const rules = (group as { rules?: { alert?: string }[] } | undefined)?.rules ?? [];
  const alerts = rules.flatMap((r) => (r.alert === undefined ? [] : [r.alert]));
  const records = rules.length - alerts.length;
  const words = alerts.length === 0 ? '' : `alerts ${alerts.join(', ')}`;
  return [words, records === 0 ? '' : `${records} recording ${records === 1 ? 'rule' : 'rules'}`].filter((t) => t !== '').join('; ');
}
