import type { ReactNode } from 'react';
import { Panel, type Asked } from './Panel';

/** Content that has panels of its own: it is in a panel only while it waits, failed, or is stale. */
export function Whole<T>({ asked, height = 400, children }: { asked: Asked<T>; height?: number; children: (data: T) => ReactNode }) {
  if (asked.data !== undefined && asked.error == null) return children(asked.data);
  return (
    <Panel asked={asked} height={height}>
      {children}
    </Panel>
  );
}
