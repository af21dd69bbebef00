/** Links of alerts, which are whole addresses of the server, as pages of this UI. */

/** Pages that the UI has; addresses of the API are for programs. */
const pages = /^\/(explore|graph|logs|endpoints|alerts)(\/|$)/;

/** The path and parameters of a link that leads to a page of the UI, whatever server it names; undefined for others. */
export function pageOf(link: string | undefined): { to: string; params: Record<string, string> } | undefined {
  if (link === undefined) return undefined;
  let url: URL;
  try {
    url = new URL(link, 'http://server');
  } catch {
    return undefined;
  }
  const match = /\/(explore|graph|logs|endpoints|alerts)(\/.*)?$/.exec(url.pathname);
  const to = match?.[0] ?? '';
  return pages.test(to) ? { to, params: Object.fromEntries(url.searchParams) } : undefined;
}
