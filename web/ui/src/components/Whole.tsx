import { Fragment, type ReactNode } from 'react';
import { asProblem } from '@/api/problem';
import { Panel, Stale, type Asked } from './Panel';

/** Content that has panels of its own: it is in a panel only before there are data. Once there are, a failed refresh is told above it and changes nothing else, for forms in it have drafts. */
export function Whole<T>({ asked, height = 400, children }: { asked: Asked<T>; height?: number; children: (data: T) => ReactNode }) {
  if (asked.data === undefined) {
    return (
      <Panel asked={asked} height={height}>
        {children}
      </Panel>
    );
  }
  return (
    <>
      {asked.error != null && <Stale problem={asProblem(asked.error)} since={asked.dataUpdatedAt} onRetry={() => void asked.refetch()} />}
      <Fragment key="content">{children(asked.data)}</Fragment>
    </>
  );
}
