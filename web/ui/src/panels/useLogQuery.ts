import { useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { previousTime } from '@/api/previous';
import { refreshed } from '@/api/refreshed';
import { readAnswer, type LogAnswer } from '@/components/logs/answer';
import { timespanOf } from '@/lib/kql';
import { minute, resolveRange, second, type Span } from '@/lib/time';
import type { PageView } from '@/lib/urlstate';

/** Rows that a panel holds; the page of logs holds more. */
export const mostPanelRows = 2000;

export interface LogQueryResult {
  answer: LogAnswer;
  /** The time that it was asked for. */
  span: Span;
}

/** The answer of a query over the page's time. Queries may be dear, so they are asked again no more often than twice a minute. */
export function useLogQuery(query: string, scope: string, view: PageView) {
  const refresh = view.refresh === 0 ? 0 : Math.max(view.refresh, 30 * second);
  const queryKey = ['logs', 'panel', query, scope, view.range];
  const asked = useQuery({
    queryKey,
    queryFn: async ({ signal }): Promise<LogQueryResult> => {
      const span = resolveRange(view.range, Date.now());
      const question = { query, ...(scope === '' ? {} : { scope }), timespan: timespanOf(span), render: true, limits: { rows: mostPanelRows } };
      return { answer: readAnswer(body(await api().POST('/api/v1/logs/query', { body: question, signal }))), span };
    },
    refetchInterval: refresh || false,
    staleTime: 10 * second,
    gcTime: minute,
    placeholderData: previousTime(queryKey),
  });
  return refreshed(asked, refresh);
}
