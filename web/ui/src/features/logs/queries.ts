/** Questions of the page of logs. */

import { useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { readAnswer, type LogAnswer } from '@/components/logs/answer';
import { timespanOf } from '@/lib/kql';
import { minute, resolveRange, type Span, type TimeRange } from '@/lib/time';

/** Rows that the page holds. What a query has beyond is said, and comes as CSV. */
export const mostRows = 100_000;

export interface LogsQuestion {
  query: string;
  scope: string;
  /** The page's time, which bounds TimeGenerated; undefined where only the query does. */
  range: TimeRange | undefined;
}

export interface Asked {
  answer: LogAnswer;
  /** The time that it was asked for. */
  span: Span | undefined;
  question: LogsQuestion;
}

/** The body of a question now. */
export function questionBody({ query, scope }: LogsQuestion, span: Span | undefined) {
  return { query, ...(scope === '' ? {} : { scope }), ...(span === undefined ? {} : { timespan: timespanOf(span) }) };
}

/** The answer of a query. It is asked once, and again only when somebody says so: queries may be dear. */
export function useLogs(question: LogsQuestion, refresh: number, enabled: boolean) {
  return useQuery({
    queryKey: ['logs', 'query', question],
    queryFn: async ({ signal }): Promise<Asked> => {
      const span = question.range === undefined ? undefined : resolveRange(question.range, Date.now());
      const asked = { ...questionBody(question, span), statistics: true, render: true, limits: { rows: mostRows } };
      return { answer: readAnswer(body(await api().POST('/api/v1/logs/query', { body: asked, signal }))), span, question };
    },
    enabled: enabled && question.query !== '',
    refetchInterval: refresh || false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: minute, // answers may be large
    // The same query over another time keeps its rows until the new ones are there.
    placeholderData: (before) => (before?.question.query === question.query && before.question.scope === question.scope ? before : undefined),
  });
}

/** All rows of a query as CSV, which has no bound of rows. */
export async function downloadCSV(question: LogsQuestion): Promise<Blob> {
  const span = question.range === undefined ? undefined : resolveRange(question.range, Date.now());
  const got = await api().POST('/api/v1/logs/query', { body: questionBody(question, span), headers: { Accept: 'text/csv' }, parseAs: 'blob' });
  return body(got);
}
