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

/** What is wrong with a parameter as it was typed. */
export function parameterError(parameter: NonNullable<PackRule['parameters']>[number], typed: string | undefined): string | undefined {
  if (typed === undefined || typed.trim() === '') return undefined;
  const value = Number(typed);
  if (!Number.isFinite(value)) return 'must be a number';
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = parameter;
  return value < min || value > max ? `must be ${min} to ${max}` : undefined;
}

export interface PackChanges {
  on: string[];
  off: string[];
  parameters: Record<string, Record<string, number>>;
}

/** What is to be turned on and off. Rules that are on stay untouched, so that what was changed in them by hand is kept, unless their parameters were typed. */
export function packChanges(rules: readonly PackRule[], scope: string, choice: PackChoice): PackChanges {
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
    out.on.push(id);
    if (typed.length > 0) out.parameters[id] = Object.fromEntries(typed.map(([name, value]) => [name, Number(value)]));
  }
  return out;
}
