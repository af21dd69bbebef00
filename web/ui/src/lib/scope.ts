/** Scopes: endpoint, endpoint/deployment or endpoint/deployment/instance. */

export type Level = 'endpoint' | 'deployment' | 'instance';

export const levels: readonly Level[] = ['endpoint', 'deployment', 'instance'];

/** The parts of a scope, one to three. */
export function scopeParts(scope: string): string[] {
  return scope.split('/');
}

export function levelOf(scope: string): Level {
  return levels[scopeParts(scope).length - 1] ?? 'instance';
}

/** The level below, or none below an instance. */
export function childLevel(scope: string): Level | undefined {
  return levels[scopeParts(scope).length];
}

export function scopeName(scope: string): string {
  return scopeParts(scope).at(-1) ?? scope;
}

/** The scope and those above it, widest first. */
export function ancestry(scope: string): string[] {
  const parts = scopeParts(scope);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}

/** Scopes without those that lie in another of them, where `*` stands for every name: what is added up counts nothing twice. */
export function disjoint(scopes: readonly string[]): string[] {
  const holds = (outer: string, inner: string) => {
    const parts = scopeParts(inner);
    return scopeParts(outer).every((part, i) => i < parts.length && (part === '*' || part === parts[i]));
  };
  return scopes.filter((s, i) => !scopes.some((other, n) => n !== i && holds(other, s) && !(n > i && holds(s, other))));
}

/** The page of a scope. */
export function scopePath(scope: string): string {
  return `/endpoints/${scopeParts(scope).map(encodeURIComponent).join('/')}`;
}

/** The dimension whose values are the children of a scope. */
export function childDimension(scope: string): 'deployment' | 'instanceId' | undefined {
  const level = childLevel(scope);
  if (level === 'deployment') return 'deployment';
  return level === 'instance' ? 'instanceId' : undefined;
}

/** A matcher of PromQL for the series of a scope. */
export function scopeMatchers(scope: string): string {
  return scopeParts(scope)
    .map((part, i) => (part === '*' ? '' : `${levels[i] ?? 'instance'}=${JSON.stringify(part)}`))
    .filter((matcher) => matcher !== '')
    .join(', ');
}
