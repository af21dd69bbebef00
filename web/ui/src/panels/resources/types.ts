/** Names of what all documents with versions have in common: rules, action groups, dashboards. */

import type { components } from '@/api/schema';

type Schemas = components['schemas'];

export type AuditEntry = Schemas['AuditEntry'];
export type ResourceVersion = Schemas['ResourceVersion'];

/** What answers add to a document of any kind. */
export type ResourceInfo = Schemas['ResourceInfo'];

/** A document of any kind with what the server added to it. */
export type ResourceDocument = ResourceInfo & { name: string; description?: string; enabled?: boolean; [field: string]: unknown };
