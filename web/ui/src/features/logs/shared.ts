/** Queries that the server keeps for everybody: documents of the kind saved-query. */

import type { ResourceDocument } from '@/panels/resources/types';

export interface SharedQuery {
  name: string;
  title: string;
  description: string;
  query: string;
  scope: string;
  by: string;
  etag: string | undefined;
  provisioned: boolean;
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');

/** A document as the page has it. Of several scopes none is taken: the page shows one, or all. */
export function sharedOf(document: ResourceDocument): SharedQuery {
  const scopes = Array.isArray(document.scopes) ? document.scopes : [];
  const provisioned = document.provisioned === true;
  return {
    name: document.name,
    title: text(document.title) || document.name,
    description: text(document.description),
    query: text(document.query),
    scope: scopes.length === 1 ? text(scopes[0]) : '',
    by: (provisioned ? document.source : document.updatedBy) ?? '',
    etag: document.etag,
    provisioned,
  };
}

/** In order of their titles. */
export function sortShared(list: readonly SharedQuery[]): SharedQuery[] {
  return [...list].sort((a, b) => a.title.localeCompare(b.title, 'en', { numeric: true }));
}

/** A name for a title, as paths have it: "Slow requests (P99)" is slow-requests-p99. */
export function nameFor(title: string): string {
  const plain = title
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return plain.slice(0, 60).replace(/-+$/, '') || 'query';
}

/** The document of a query that is saved; what another one of its name has besides goes. */
export function documentOf(title: string, description: string, query: string, scope: string): { name: string; [field: string]: unknown } {
  return { name: nameFor(title), title, ...(description.trim() === '' ? {} : { description: description.trim() }), query, ...(scope === '' ? {} : { scopes: [scope] }) };
}
