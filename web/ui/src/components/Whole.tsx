import { Fragment, type ReactNode } from 'react';
import { asProblem } from '@/api/problem';
import { Panel, Stale, type Asked } from './Panel';
import { useOverdue } from './useOverdue';

/** Content that has panels of its own: it is in a panel only before there are data. Once there are, a refresh that failed or is overdue is told above it and changes nothing else, for forms in it have drafts. */
export function Whole<T>({ asked, height = 400, children }: { asked: Asked<T>; height?: number; children: (data: T) => ReactNode }) {
  const overdue = useOverdue(asked.dataUpdatedAt, asked.refresh ?? 0);
  if (asked.data === undefined) {
    return (
      <Panel asked={asked} height={height}>
        {children}
      </Panel>
    );
  }
  return (
    <>
      {(asked.error != null || overdue) && <Stale problem={asked.error == null ? undefined : asProblem(asked.error)} since={asked.dataUpdatedAt} onRetry={() => void asked.refetch()} />}
      <Fragment key="content">{children(asked.data)}</Fragment>
    </>
  );
}
