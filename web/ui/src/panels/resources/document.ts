/** Documents without what the server added to them. */

import type { ResourceDocument } from './types';

const info = ['id', 'etag', 'version', 'provisioned', 'source', 'createdTime', 'lastUpdatedTime', 'updatedBy', 'warnings', 'status'];

/** A document without what the server added to it. */
export function withoutInfo(document: ResourceDocument): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([field]) => !info.includes(field)));
}
