/** Short names of compared scopes, that tell them apart. */

import { scopeName, scopeParts } from '@/lib/scope';

/** The last parts where they all have one parent, whole scopes otherwise. */
export function namesOf(scopes: readonly string[]): string[] {
  const parents = new Set(scopes.map((s) => scopeParts(s).slice(0, -1).join('/')));
  return parents.size === 1 ? scopes.map(scopeName) : [...scopes];
}
