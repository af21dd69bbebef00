/** Silences, through Alertmanager's API. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { refreshed } from '@/api/refreshed';
import type { Matcher } from './matchers';

export interface Silence {
  id: string;
  matchers: Matcher[];
  startsAt: string;
  endsAt: string;
  updatedAt: string;
  createdBy: string;
  comment: string;
  status: { state: 'active' | 'pending' | 'expired' };
}

export interface NewSilence {
  /** Of the silence that it takes the place of. */
  id?: string;
  matchers: Matcher[];
  startsAt: string;
  endsAt: string;
  createdBy: string;
  comment: string;
}

const all = '/api/v2/{path}';

// The paths of Alertmanager have slashes, which stay what they are.
const pathSerializer = (path: string, params: Record<string, unknown>) => path.replace('{path}', String(params.path));

export function useSilences(refresh: number) {
  const query = useQuery({
    queryKey: ['silences'],
    queryFn: async ({ signal }) => body(await api().GET(all, { params: { path: { path: 'silences' } }, pathSerializer, signal })) as Silence[],
    refetchInterval: refresh || false,
  });
  return refreshed(query, refresh);
}

export function useMakeSilence() {
  const client = useQueryClient();
  return useMutation({
    // Its body is Alertmanager's, which our description of the API does not have.
    mutationFn: async (silence: NewSilence) => body(await api().POST(all, { params: { path: { path: 'silences' } }, pathSerializer, body: silence as never })) as { silenceID: string },
    onSettled: () => client.invalidateQueries({ queryKey: ['silences'] }),
  });
}

export function useExpireSilence() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (id: string) => {
      await api().DELETE(all, { params: { path: { path: `silence/${encodeURIComponent(id)}` } }, pathSerializer });
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['silences'] }),
  });
}
