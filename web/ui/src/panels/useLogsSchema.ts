import { useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';

/** What an editor of KQL knows of the language. It changes with the server only. */
export function useLogsSchema() {
  return useQuery({
    queryKey: ['logs', 'schema'],
    queryFn: async ({ signal }) => body(await api().GET('/api/v1/logs/schema', { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
