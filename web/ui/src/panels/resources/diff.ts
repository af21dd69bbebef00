/** What differs between two versions of a document, field by field. */

export interface FieldChange {
  path: string;
  /** As JSON; undefined where there was nothing. */
  before?: string;
  after?: string;
}

function flatten(value: unknown, path: string, out: Map<string, string>): void {
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) flatten(inner, Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`, out);
  } else if (value !== undefined) {
    out.set(path, JSON.stringify(value));
  }
}

/** The fields that differ, those that there were first. */
export function changes(before: unknown, after: unknown): FieldChange[] {
  const [old, now] = [new Map<string, string>(), new Map<string, string>()];
  if (before != null) flatten(before, '', old);
  if (after != null) flatten(after, '', now);
  const out: FieldChange[] = [];
  for (const path of new Set([...old.keys(), ...now.keys()])) {
    const [b, a] = [old.get(path), now.get(path)];
    if (b !== a) out.push({ path, ...(b === undefined ? {} : { before: b }), ...(a === undefined ? {} : { after: a }) });
  }
  return out;
}
