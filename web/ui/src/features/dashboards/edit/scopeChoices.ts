/** Scopes to choose from for a tile: those that its dashboard's variables make, patterns, and what there is. */

import type { Variable } from '@/lib/dashboard';
import type { ScopeNode } from '@/lib/dashboardVariables';

export function scopeChoices(variables: readonly Variable[], tree: readonly ScopeNode[]): string[] {
  return [...new Set([...variables.flatMap((v) => ofVariable(variables, v)), '*', '*/*', '*/*/*', ...tree.flatMap(below)])];
}

/** A variable with those above it, and with everything below: $endpoint, $endpoint/*. */
function ofVariable(variables: readonly Variable[], v: Variable): string[] {
  const above = variables.find((o) => o.name === v.of);
  if (v.kind === 'endpoint') return [`$${v.name}`, `$${v.name}/*`, `$${v.name}/*/*`];
  if (v.kind === 'deployment') {
    const one = `${above === undefined ? '*' : `$${above.name}`}/$${v.name}`;
    return [one, `${one}/*`];
  }
  if (v.kind === 'instance') {
    const endpoint = variables.find((o) => o.name === above?.of);
    if (above?.kind === 'deployment') return [`${endpoint === undefined ? '*' : `$${endpoint.name}`}/$${above.name}/$${v.name}`];
    return [`${above === undefined ? '*' : `$${above.name}`}/*/$${v.name}`];
  }
  return [];
}

function below(node: ScopeNode): string[] {
  const children = node.children ?? [];
  return [node.scope, ...(children.length === 0 ? [] : [`${node.scope}/*`]), ...children.flatMap(below)];
}
