/** Questions about alerts, and what people say of them. */

import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { cursorOf } from '@/api/hooks';
import { asProblem } from '@/api/problem';
import { refreshed } from '@/api/refreshed';
import type { AlertDetail } from '@/api/types';
import type { PageView } from '@/lib/urlstate';
import { explainQuestion } from './alert/question';
import { orderOf, questionOf, type AlertFilter } from './list/filter';
import type { AlertState } from './types';

const pageSize = 100;

/** Alerts that pass a filter, newest first, page after page. */
export function useAlerts(filter: AlertFilter, view: PageView) {
  const query = useInfiniteQuery({
    queryKey: ['alerts', 'list', filter, filter.open ? null : view.range],
    queryFn: async ({ signal, pageParam }) => {
      const query = { ...questionOf(filter, view.range, Date.now()), ...orderOf(filter), limit: pageSize, ...(pageParam === '' ? {} : { cursor: pageParam }) };
      const answer = body(await api().GET('/api/v1/alerts', { params: { query }, signal }));
      return { alerts: answer.value ?? [], next: cursorOf(answer.nextLink) };
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    refetchInterval: view.refresh || false,
    placeholderData: keepPreviousData,
  });
  return refreshed(query, view.refresh);
}

/** How many alerts pass a filter, by severity, state and rule. */
export function useAlertsSummary(filter: AlertFilter, view: PageView) {
  return useQuery({
    queryKey: ['alerts', 'summary', filter, filter.open ? null : view.range],
    queryFn: async ({ signal }) => {
      const query = { ...questionOf(filter, view.range, Date.now()), groupby: 'severity,alertState,alertRule' };
      return body(await api().GET('/api/v1/alerts/summary', { params: { query }, signal }));
    },
    refetchInterval: view.refresh || false,
    placeholderData: keepPreviousData,
  });
}

export function useAlert(id: string, view: PageView) {
  const query = useQuery({
    queryKey: ['alerts', 'one', id],
    queryFn: async ({ signal }) => body(await api().GET('/api/v1/alerts/{id}', { params: { path: { id } }, signal })),
    refetchInterval: view.refresh || false,
  });
  return refreshed(query, view.refresh);
}

/** Says of some alerts what people do about them. */
export function useChangeState() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ ids, state, comment }: { ids: string[]; state: AlertState; comment?: string }) =>
      body(await api().POST('/api/v1/alerts/changestate', { body: { ids, state, ...(comment === undefined ? {} : { comment }) } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  });
}

export function useComment(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (comment: string) => body(await api().POST('/api/v1/alerts/{id}/comments', { params: { path: { id } }, body: { comment } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['alerts', 'one', id] }),
  });
}

/** What explain says of the window in which an alert fired, against the time before. Asked only on demand. */
export function useExplainAlert(alert: AlertDetail, enabled: boolean) {
  const question = explainQuestion(alert);
  return useQuery({
    queryKey: ['alerts', 'explain', alert.id],
    queryFn: async ({ signal }) => body(await api().POST('/api/v1/explain', { body: question ?? {}, signal })),
    enabled: enabled && question !== undefined,
    staleTime: Infinity,
    retry: (failures, error) => failures < 1 && asProblem(error).temporary,
  });
}

/** A run-book of the server as Markdown. */
export function useRunbook(id: string, enabled: boolean) {
  return useQuery({
    queryKey: ['runbook', id],
    queryFn: async ({ signal }) => body(await api().GET('/runbooks/{id}', { params: { path: { id } }, parseAs: 'text', signal })),
    enabled,
    staleTime: Infinity,
  });
}
