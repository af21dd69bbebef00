/** A dashboard as a file, which can be imported. */

import { writeDashboard, type Dashboard } from '@/lib/dashboard';

export function exported(dashboard: Dashboard): string {
  return `${JSON.stringify(writeDashboard(dashboard), null, 2)}\n`;
}

/** A name for the file, of letters that every system takes. */
export function exportName({ name }: Dashboard): string {
  return `${name.replace(/[^A-Za-z0-9._-]+/g, '_')}.dashboard.json`;
}
