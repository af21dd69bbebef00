/** Links of alerts, which are whole addresses of the server, as pages of this UI. */

import type { AlertDetail } from '@/api/types';

/** Pages that the UI has; addresses of the API are for programs. */
const pages = /^\/(explore|graph|logs|endpoints|alerts)(\/|$)/;

/**
 * The path and parameters of a link that leads to a page of the UI; undefined for others. Pages of other programs have such paths too, so the link must
 * begin with one of the addresses that this server has.
 */
export function pageOf(link: string | undefined, bases: readonly string[]): { to: string; params: Record<string, string> } | undefined {
  if (link === undefined) return undefined;
  for (const base of bases) {
    const [url, at] = [parse(link.startsWith('/') && !link.startsWith('//') ? base + link : link), parse(base)];
    if (url === undefined || at === undefined || url.origin !== at.origin) continue;
    const below = at.pathname.replace(/\/$/, '');
    const to = url.pathname.slice(below.length);
    if (url.pathname.startsWith(`${below}/`) && pages.test(to)) return { to, params: Object.fromEntries(url.searchParams) };
  }
  return undefined;
}

/** The addresses of this server: where this page comes from, and the one that the server gave its own alerts, which may be another. */
export function basesOf(alert: Pick<AlertDetail, 'id' | 'monitorService' | 'links'>, here: string): string[] {
  const own = `/alerts/${encodeURIComponent(alert.id ?? '')}`;
  const link = alert.links?.alert;
  // What others posted may say anything of itself.
  if (alert.monitorService === 'External' || link === undefined || !link.endsWith(own)) return [here];
  return [here, link.slice(0, -own.length)];
}

function parse(link: string): URL | undefined {
  try {
    return new URL(link);
  } catch {
    return undefined;
  }
}
