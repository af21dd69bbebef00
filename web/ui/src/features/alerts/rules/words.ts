/** Rules in words. */

import type { MetricDefinition } from '@/api/types';
import { formatValue } from '@/lib/units';
import { isoWords } from '../duration';
import { aggregationWord, criterionUnit, definitionAt, relationOf } from '../sentence';
import type { ResourceDocument } from '../types';
import { draftOfRule, parseThreshold, type CriterionDraft, type RuleDraft } from './draft';

/** When a rule fires: "average Request Latency P90 above 100 ms, over 5 min". */
export function conditionText(rule: ResourceDocument, definitions: readonly MetricDefinition[]): string {
  if (rule.kind === 'prometheus') return prometheusText(rule.group);
  return draftText(draftOfRule(rule), definitions);
}

export function draftText(draft: RuleDraft, definitions: readonly MetricDefinition[]): string {
  const windows = draft.criteria.map((c) => windowWords(c, draft));
  const [shared = isoWords(draft.window)] = windows;
  const differ = windows.some((w) => w !== shared);
  const all = draft.criteria.map((c, i) => criterionText(c, draft, definitions) + (differ ? ` over ${windows[i] ?? ''}` : '')).join(', and ');
  const often = draft.periods > 1 ? `, in ${draft.failing} of ${draft.periods} checks` : '';
  return `${all}${differ ? '' : `, over ${shared}`}${often}`;
}

// A criterion may have a window of its own, which the form does not know.
function windowWords({ rest }: CriterionDraft, draft: RuleDraft): string {
  return isoWords(typeof rest.windowSize === 'string' ? rest.windowSize : draft.window);
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
