/** Queries that were run and kept in this browser. */

export interface Kept {
  query: string;
  scope: string;
  /** When it was last run or saved, in milliseconds. */
  at: number;
  /** Name of a saved query. */
  name?: string;
}

const most = 100;

/** The list with a run at its front; the same query is there once. */
export function remember(list: readonly Kept[], run: Kept): Kept[] {
  return [run, ...list.filter((k) => k.query !== run.query || k.scope !== run.scope)].slice(0, most);
}

/** Saved queries in order of their names; a name is there once. */
export function save(list: readonly Kept[], saved: Kept): Kept[] {
  return [...list.filter((k) => k.name !== saved.name), saved].sort((a, b) => (a.name ?? '').localeCompare(b.name ?? '', 'en', { numeric: true }));
}

/** Reads what the browser kept; what is not of the kind is left out. */
export function readKept(text: string | undefined): Kept[] {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  return Array.isArray(value) ? value.filter(isKept) : [];
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  const v = value as Record<string, unknown>;
  return typeof v.query === 'string' && typeof v.scope === 'string' && typeof v.at === 'number' && (v.name === undefined || typeof v.name === 'string');
}
