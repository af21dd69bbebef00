/** The list of rules: which is shown, and which is worst. */

import type { ResourceDocument, RuleEvaluation } from '../types';

/** What the server says of a rule in lists. */
export function evaluationOf(rule: ResourceDocument): RuleEvaluation {
  return (rule.status as RuleEvaluation | undefined) ?? {};
}

export const healths = [
  { value: 'firing', label: 'Fires' },
  { value: 'failing', label: 'Cannot be evaluated' },
  { value: 'ok', label: 'Well' },
  { value: 'disabled', label: 'Off' },
] as const;

/** How bad it is: fired by severity and number, then failing, then the rest. */
export function worst(rule: ResourceDocument): number {
  const { health, firing = 0 } = evaluationOf(rule);
  if (rule.enabled === false) return -1;
  if (firing > 0) return 100_000 * (5 - ((rule.severity as number | undefined) ?? 3)) + Math.min(firing, 9999) + 10;
  return health === 'failing' ? 5 : health === 'ok' ? 1 : 0;
}

export interface RuleFilter {
  find: string;
  kind: string;
  health: string;
}

/** Rules that pass a filter; a text is looked for in the whole rule. */
export function filterRules(rules: readonly ResourceDocument[], { find, kind, health }: RuleFilter): ResourceDocument[] {
  const wanted = find.trim().toLowerCase();
  return rules.filter((rule) => {
    const { health: is, firing = 0 } = evaluationOf(rule);
    const off = rule.enabled === false;
    if (kind !== '' && rule.kind !== kind) return false;
    if (health === 'firing' && (off || firing === 0)) return false;
    if (health === 'disabled' && !off) return false;
    if ((health === 'failing' || health === 'ok') && (off || is !== health)) return false;
    return wanted === '' || JSON.stringify([rule.name, rule.description, rule.scopes, rule.criteria, rule.group]).toLowerCase().includes(wanted);
  });
}
