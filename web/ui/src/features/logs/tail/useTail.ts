import { useEffect, useRef, useState } from 'react';
import type { Problem } from '@/api/problem';
import type { LogRow } from '@/components/logs/answer';
import { emptyBuffer, queued, withGap, withOverflow, withRows, type TailBuffer } from './buffer';
import { follow } from './follow';

export type TailState = { kind: 'connecting' } | { kind: 'live' } | { kind: 'lost'; problem: Problem } | { kind: 'refused'; problem: Problem };

/** How often rows that came are shown: a page that changes with every row cannot be read. */
const beat = 250;

/** Rows of a table as they come. While it is held, rows wait, as many as the buffer has room for. */
export function useTail(table: string, scope: string, filter: string, held: boolean) {
  const [buffer, setBuffer] = useState<TailBuffer>(emptyBuffer);
  const [state, setState] = useState<TailState>({ kind: 'connecting' });
  const [waiting, setWaiting] = useState(0);
  const queue = useRef<LogRow[]>([]);
  const isHeld = useRef(held);
  useEffect(() => {
    isHeld.current = held;
  }, [held]);

  useEffect(() => {
    const control = new AbortController();
    queue.current = [];
    const show = () => {
      if (isHeld.current) {
        setWaiting(queue.current.length);
        return;
      }
      const came = queue.current;
      queue.current = [];
      setWaiting(0);
      setBuffer((before) => withRows(before, came));
    };
    const timer = setInterval(show, beat);
    let opened = false;
    let lost: number | undefined;
    void follow(
      { table, scope, filter },
      {
        onOpen: (columns) => {
          setState({ kind: 'live' });
          // After a loss the rows from before stay.
          const gap = lost === undefined ? undefined : { start: lost, end: Date.now() };
          const again = opened;
          setBuffer((before) => {
            if (!again) return { ...emptyBuffer, columns };
            return gap === undefined ? { ...before, columns } : withGap({ ...before, columns }, gap);
          });
          opened = true;
          lost = undefined;
        },
        onRows: (rows) => {
          const { queue: all, overflow } = queued(queue.current, rows);
          queue.current = all;
          if (overflow > 0) setBuffer((before) => withOverflow(before, overflow));
        },
        onDropped: (rows) => setBuffer((before) => ({ ...before, dropped: before.dropped + rows })),
        onProblem: (problem, again, heard) => {
          if (opened) lost ??= heard ?? Date.now();
          setState({ kind: again ? 'lost' : 'refused', problem });
        },
      },
      control.signal,
    );
    return () => {
      clearInterval(timer);
      control.abort();
    };
  }, [table, scope, filter]);

  return { buffer, state, waiting, clear: () => setBuffer((before) => ({ ...emptyBuffer, columns: before.columns })) };
}
