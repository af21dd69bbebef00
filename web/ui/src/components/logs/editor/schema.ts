/** What the editor knows of the language: the server's tables for the language service, and its own words about operators and functions. */

import type { EngineSchema } from '@kusto/monaco-kusto';
import type { components } from '@/api/schema';

export type LogsSchema = components['schemas']['LogsSchema'];

const name = 'logs';

/** The tables as the language service reads them: one database of one cluster. */
export function kustoSchema(schema: LogsSchema): EngineSchema {
  const database = {
    name,
    tables: schema.tables.map((t) => ({
      name: t.name,
      entityType: 'Table' as const,
      docstring: t.help,
      columns: t.columns.map((c) => ({ name: c.name, type: c.type, docstring: c.help })),
    })),
    functions: [],
    entityGroups: [],
    majorVersion: 1,
    minorVersion: 1,
  };
  return { clusterType: 'Engine', cluster: { connectionString: 'https://endscope', databases: [database] }, database };
}

/** What the server says of a word of the language. */
export interface Help {
  signature: string;
  help: string;
  example?: string;
}

/** Words of the language by their name. */
export function helpByName(schema: LogsSchema): Map<string, Help> {
  const out = new Map<string, Help>();
  for (const list of [schema.plugins, schema.aggregates, schema.functions, schema.operators]) {
    for (const { name: word, signature, help, example, aliases } of list) {
      for (const n of [word, ...(aliases ?? [])]) out.set(n, { signature, help, ...(example === undefined ? {} : { example }) });
    }
  }
  return out;
}

/** The word that a proposal of the language service is about: ago of ago(timespan). */
export function wordOf(label: string): string {
  return label.replace(/\(.*$/s, '').trim();
}

/** Markdown of a word's help. */
export function helpText({ signature, help, example }: Help): string {
  const shown = example === undefined ? '' : `\n\n\`\`\`\n${example}\n\`\`\``;
  return `\`${signature}\`\n\n${help}${shown}`;
}

/**
 * What of the language service's proposals stands: not functions that this server does not have. Words that the server knows are
 * explained in its words; links of the service lead out of a network that may have no way out, so they go.
 */
export function serverProposals<T extends { label: string; documentation?: unknown }>(items: readonly T[], help: ReadonlyMap<string, Help>): T[] {
  return items.flatMap((item) => {
    const known = help.get(wordOf(item.label));
    if (known !== undefined) return [{ ...item, documentation: { kind: 'markdown', value: helpText(known) } }];
    // Functions of the language have a text of the service; those that the query declares have none.
    return item.label.includes('(') && item.documentation !== undefined ? [] : [item];
  });
}
