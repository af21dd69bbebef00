import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import type { PackResult } from '../types';
import type { PackChanges } from './changes';

/** The ready-made rules, and what they are turned on for. */
export function usePack() {
  return useQuery({ queryKey: ['alert-packs'], queryFn: async ({ signal }) => body(await api().GET('/api/v1/alert-packs', { signal })).value });
}

interface Apply {
  scope: string;
  changes: PackChanges;
  dryRun: boolean;
}

/** Turns rules on and off for a scope, or says what that would do. */
export function useApplyPack() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ scope, changes, dryRun }: Apply): Promise<PackResult> => {
      const query = { dryRun };
      const all: PackResult = { created: [], updated: [], unchanged: [], deleted: [] };
      const add = (part: PackResult) => {
        for (const key of ['created', 'updated', 'unchanged', 'deleted'] as const) all[key]?.push(...(part[key] ?? []));
      };
      for (const { rules, actionGroups } of changes.on) {
        const parameters = Object.fromEntries(Object.entries(changes.parameters).filter(([id]) => rules.includes(id)));
        add(body(await api().POST('/api/v1/alert-packs/enable', { params: { query }, body: { scope, rules, actionGroups, parameters } })));
      }
      if (changes.off.length > 0) add(body(await api().POST('/api/v1/alert-packs/disable', { params: { query }, body: { scope, rules: changes.off } })));
      return all;
    },
    onSuccess: async (_, { dryRun }) => {
      if (dryRun) return;
      await Promise.all([client.invalidateQueries({ queryKey: ['alert-packs'] }), client.invalidateQueries({ queryKey: ['alert-rules'] })]);
    },
  });
}
