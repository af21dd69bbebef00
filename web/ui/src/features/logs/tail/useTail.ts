import { useEffect, useRef, useState } from 'react';
import type { Problem } from '@/api/problem';
import type { LogRow } from '@/components/logs/answer';
import { emptyBuffer, mostRows, withRows, type TailBuffer } from './buffer';
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
    void follow(
      { table, scope, filter },
      {
        onOpen: (columns) => {
          setState({ kind: 'live' });
          // After a loss the rows from before stay.
          setBuffer((before) => (opened ? { ...before, columns } : { ...emptyBuffer, columns }));
          opened = true;
        },
        onRows: (rows) => {
          queue.current.push(...rows);
          if (queue.current.length > mostRows) queue.current = queue.current.slice(-mostRows);
        },
        onDropped: (rows) => setBuffer((before) => ({ ...before, dropped: before.dropped + rows })),
        onProblem: (problem, again) => setState({ kind: again ? 'lost' : 'refused', problem }),
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
