import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { asProblem } from '@/api/problem';
import type { AlertRule } from '@/api/types';

/**
 * What a rule would have done over the last while. A question that nobody waits for any more is aborted: two run at a time on the
 * server, and the next should not wait for one that is out of date.
 */
export function usePreview(rule: { [field: string]: unknown } | undefined, over: string) {
  return useQuery({
    queryKey: ['alert-rules', 'preview', rule, over],
    queryFn: async ({ signal }) => body(await api().POST('/api/v1/alert-rules/preview', { body: { rule: rule as unknown as AlertRule, start: `now-${over}`, end: 'now' }, signal })),
    enabled: rule !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: (failures, error) => failures < 1 && asProblem(error).temporary,
  });
}
