import type { Scope } from '@/api/types';

/** What may be watched: each scope that there is, and patterns of all deployments and instances below it. */
export function scopePatterns(scopes: readonly Scope[]): string[] {
  const out: string[] = ['*', '*/*', '*/*/*'];
  for (const endpoint of scopes) {
    out.push(endpoint.scope, `${endpoint.scope}/*`, `${endpoint.scope}/*/*`);
    for (const deployment of endpoint.children ?? []) {
      out.push(deployment.scope, `${deployment.scope}/*`);
      for (const instance of deployment.children ?? []) out.push(instance.scope);
    }
  }
  return out;
}
