/** Dashboards from files: the document itself, or as files of resources have it. What the fields must be, the server says. */

export type Imported = { document: { name: string; [field: string]: unknown } } | { problem: string };

/** Fields that answers of the server have besides, which a file may hold. */
const info = ['id', 'etag', 'version', 'provisioned', 'source', 'createdTime', 'lastUpdatedTime', 'updatedBy', 'warnings'];

/** Reads the text of a file. */
export function parseImport(text: string): Imported {
  if (text.trim() === '') return { problem: 'There is nothing in it.' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `This is no JSON: ${placed(text, error instanceof Error ? error.message : String(error))}` };
  }
  if (Array.isArray(value)) {
    if (value.length !== 1) return { problem: `It holds ${value.length} documents. Import one at a time; endscope apply takes many.` };
    [value] = value as unknown[];
  }
  if (typeof value !== 'object' || value === null) return { problem: 'It must hold a dashboard: an object with its name and tiles.' };
  const given = value as Record<string, unknown>;
  if ('panels' in given && 'schemaVersion' in given) return { problem: 'This is a dashboard of Grafana, whose panels ask in other words. Only dashboards of Endscope can be imported.' };
  const { kind, name, spec } = given;
  if (typeof kind === 'string' && typeof spec === 'object' && spec !== null) {
    if (kind !== 'dashboard') return { problem: `It holds a document of the kind ${kind}, not a dashboard.` };
    return { document: { ...(spec as Record<string, unknown>), name: typeof name === 'string' ? name : '' } };
  }
  if (!('tiles' in given)) return { problem: 'It has no tiles, so it is no dashboard.' };
  return { document: { ...Object.fromEntries(Object.entries(given).filter(([field]) => !info.includes(field))), name: typeof name === 'string' ? name : '' } };
}

/** A message of the reader, with line and column in place of how many characters in. */
function placed(text: string, message: string): string {
  const at = /position (\d+)/.exec(message)?.[1];
  if (at === undefined) return message;
  const before = text.slice(0, Number(at)).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: ${message.replace(/ (in JSON )?at position .*$/, '')}`;
}
