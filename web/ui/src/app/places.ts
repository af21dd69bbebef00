/** Where the frame leads. */

export interface Place {
  to: string;
  label: string;
  /** The key that goes there after a g. */
  key: string;
}

/** The pages of the frame. A place appears here when its page exists. */
export const places: readonly Place[] = [
  { to: '/', label: 'Overview', key: 'o' },
  { to: '/fleet', label: 'Fleet', key: 'f' },
  { to: '/explore', label: 'Explore', key: 'e' },
  { to: '/dashboards', label: 'Dashboards', key: 'd' },
  { to: '/alerts', label: 'Alerts', key: 'a' },
  { to: '/logs', label: 'Logs', key: 'l' },
  { to: '/live', label: 'Live', key: 'v' },
  { to: '/system', label: 'System', key: 's' },
];

/** Whether a path belongs to a place. Scopes and their comparison are below the overview. */
export function isAt(place: Place, pathname: string): boolean {
  const below = (path: string) => pathname === path || pathname.startsWith(`${path}/`);
  if (place.to === '/') return pathname === '/' || below('/endpoints') || below('/compare');
  return below(place.to);
}
