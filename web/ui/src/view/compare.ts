import { carryView } from '@/lib/urlstate';

/** The most scopes that are compared at once: as many as can be told apart. */
export const mostCompared = 6;

/** The page that compares scopes, over the time of this page. */
export function compareLink(search: URLSearchParams, scopes: readonly string[]): string {
  const out = new URLSearchParams(carryView(search));
  for (const scope of scopes) out.append('scope', scope);
  return `/compare?${out.toString()}`;
}
