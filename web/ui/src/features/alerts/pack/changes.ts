/** What a choice of ready-made rules for a scope amounts to. */

import type { PackRule } from '../types';

export interface PackChoice {
  /** Whether each rule is wanted; those that are not in it stay as they are. */
  wanted: Record<string, boolean>;
  /** Parameters as they were typed, by rule and name; those that are not in it are as by default. */
  parameters: Record<string, Record<string, string>>;
}

export const noChoice: PackChoice = { wanted: {}, parameters: {} };

/** Whether a rule is turned on for exactly this scope. */
export function isOn(rule: PackRule, scope: string): boolean {
  return rule.enabledFor?.some((e) => e.scope === scope) === true;
}

/** The other scopes above this one for which a rule is on, so that it watches this one already. */
export function coveredBy(rule: PackRule, scope: string): string | undefined {
  return rule.enabledFor?.find((e) => e.scope !== scope && (e.scope === '*' || scope.startsWith(`${e.scope ?? ''}/`)))?.scope;
}

/** What a rule that is on for a scope is like now. */
export function inForce(rule: PackRule, scope: string) {
  return rule.enabledFor?.find((e) => e.scope === scope);
}

/** What is wrong with a parameter as it was typed. */
export function parameterError(parameter: NonNullable<PackRule['parameters']>[number], typed: string | undefined): string | undefined {
  if (typed === undefined || typed.trim() === '') return undefined;
  const value = Number(typed);
  if (!Number.isFinite(value)) return 'must be a number';
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = parameter;
  return value < min || value > max ? `must be ${min} to ${max}` : undefined;
}

export interface PackChanges {
  /** What is turned on, or made anew. Rules that tell the same groups go together; those that are on keep telling whom they tell. */
  on: { rules: string[]; actionGroups: string[] }[];
  off: string[];
  parameters: Record<string, Record<string, number>>;
}

export const turnedOn = (changes: PackChanges) => changes.on.reduce((sum, part) => sum + part.rules.length, 0);

/**
 * What is to be turned on and off; new rules tell `told`. Rules that are on stay untouched, so that what was changed in them by hand is kept, unless
 * their parameters were typed: then those that were not stay what they are.
 */
export function packChanges(rules: readonly PackRule[], scope: string, choice: PackChoice, told: readonly string[] = []): PackChanges {
  const out: PackChanges = { on: [], off: [], parameters: {} };
  for (const rule of rules) {
    const id = rule.id ?? '';
    const on = isOn(rule, scope);
    const wanted = choice.wanted[id] ?? on;
    const typed = Object.entries(choice.parameters[id] ?? {}).filter(([, value]) => value.trim() !== '');
    if (!wanted) {
      if (on) out.off.push(id);
      continue;
    }
    if (on && typed.length === 0) continue;
    const now = inForce(rule, scope);
    const actionGroups = now === undefined ? [...told] : (now.actionGroups ?? []);
    const alike = out.on.find((part) => part.actionGroups.join() === actionGroups.join());
    if (alike === undefined) out.on.push({ rules: [id], actionGroups });
    else alike.rules.push(id);
    if (typed.length > 0) out.parameters[id] = { ...now?.parameters, ...Object.fromEntries(typed.map(([name, value]) => [name, Number(value)])) };
  }
  return out;
}
