/** Rules, action groups, dashboards and their like: documents with versions. All kinds have the same calls. */

import { useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { refreshed } from '@/api/refreshed';
import type { AuditEntry, ResourceDocument, ResourceVersion } from './types';

export type ResourceKind = 'alert-rules' | 'action-groups' | 'processing-rules' | 'dashboards' | 'saved-queries';

// The paths of one kind stand for those of all: what differs is the document, which forms read field by field.
const list = (kind: ResourceKind) => `/api/v1/${kind}` as '/api/v1/alert-rules';
const one = (kind: ResourceKind) => `/api/v1/${kind}/{name}` as '/api/v1/alert-rules/{name}';
const history = (kind: ResourceKind) => `/api/v1/${kind}/{name}/history` as '/api/v1/alert-rules/{name}/history';
const versions = (kind: ResourceKind) => `/api/v1/${kind}/{name}/versions` as '/api/v1/alert-rules/{name}/versions';
const restore = (kind: ResourceKind) => `/api/v1/${kind}/{name}/restore` as '/api/v1/alert-rules/{name}/restore';

type Body = { enabled: boolean; autoMitigate: boolean };
const document = (value: unknown) => value as ResourceDocument;

/** All documents of a kind, by name. Rules have their status beside. */
export function useResources(kind: ResourceKind, refresh: number) {
  const query = useQuery({
    queryKey: [kind, 'list'],
    queryFn: async ({ signal }) => {
      const all: ResourceDocument[] = [];
      let cursor: string | undefined;
      do {
        const page = body(await api().GET(list(kind), { params: { query: cursor === undefined ? {} : { cursor } }, signal }));
        all.push(...page.value.map(document));
        cursor = page.nextLink === undefined ? undefined : (new URL(page.nextLink, 'http://server').searchParams.get('cursor') ?? undefined);
      } while (cursor !== undefined);
      return all;
    },
    refetchInterval: refresh || false,
  });
  return refreshed(query, refresh);
}

export function useResource(kind: ResourceKind, name: string, enabled = true) {
  return useQuery({
    queryKey: [kind, 'one', name],
    queryFn: async ({ signal }) => document(body(await api().GET(one(kind), { params: { path: { name } }, signal }))),
    enabled: enabled && name !== '',
  });
}

export interface Change {
  document: { name: string; [field: string]: unknown };
  /** The entity tag that the change is based on; a new document has none. */
  etag?: string | undefined;
}

// What was just stored is known at once: forms that compare entity tags would see a conflict with themselves until it was asked again.
const put = (client: QueryClient, kind: ResourceKind, stored: ResourceDocument) => client.setQueryData<ResourceDocument>([kind, 'one', stored.name], (before) => (before?.status === undefined ? stored : { status: before.status, ...stored }));

/** Makes a document, or replaces it if it still has the entity tag. */
export function useSaveResource(kind: ResourceKind) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ document: doc, etag }: Change) => {
      const sent = doc as unknown as Body;
      if (etag === undefined) return document(body(await api().POST(list(kind), { body: sent })));
      return document(body(await api().PUT(one(kind), { params: { path: { name: doc.name }, header: { 'If-Match': etag } }, body: sent })));
    },
    onSuccess: (stored) => put(client, kind, stored),
    onSettled: () => void client.invalidateQueries({ queryKey: [kind] }), // nobody waits for what is asked again
  });
}

/** Changes some fields of a document, if it still has the entity tag. */
export function usePatchResource(kind: ResourceKind) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ name, etag, patch }: { name: string; etag?: string | undefined; patch: Record<string, unknown> }) =>
      document(body(await api().PATCH(one(kind), { params: { path: { name }, ...(etag === undefined ? {} : { header: { 'If-Match': etag } }) }, body: patch as Record<string, never> }))),
    onSuccess: (stored) => put(client, kind, stored),
    onSettled: () => void client.invalidateQueries({ queryKey: [kind] }), // nobody waits for what is asked again
  });
}

export function useDeleteResource(kind: ResourceKind) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ name, etag }: { name: string; etag?: string | undefined }) => {
      await api().DELETE(one(kind), { params: { path: { name }, ...(etag === undefined ? {} : { header: { 'If-Match': etag } }) } });
    },
    onSettled: () => void client.invalidateQueries({ queryKey: [kind, 'list'] }), // nobody waits for what is asked again
  });
}

/** Who changed a document, newest first, and the versions that can be restored. */
export function useResourceHistory(kind: ResourceKind, name: string) {
  return useQuery({
    queryKey: [kind, 'history', name],
    queryFn: async ({ signal }): Promise<{ entries: AuditEntry[]; versions: ResourceVersion[]; more: boolean }> => {
      const path = { name };
      const [entries, kept] = await Promise.all([api().GET(history(kind), { params: { path }, signal }), api().GET(versions(kind), { params: { path }, signal })]);
      return { entries: body(entries).value, versions: body(kept).value, more: body(entries).nextLink !== undefined };
    },
  });
}

export function useRestoreVersion(kind: ResourceKind, name: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ version, etag }: { version: number; etag?: string | undefined }) =>
      document(body(await api().POST(restore(kind), { params: { path: { name }, query: { version }, ...(etag === undefined ? {} : { header: { 'If-Match': etag } }) } }))),
    onSuccess: (stored) => put(client, kind, stored),
    onSettled: () => void client.invalidateQueries({ queryKey: [kind] }), // nobody waits for what is asked again
  });
}
