import { useEffect, useReducer, useState } from 'react';
import { Problem } from '@/api/problem';
import { followStream } from '@/api/stream';
import { minute, second } from '@/lib/time';
import { emptyFeed, reduceFeed } from './feed';
import type { LiveQuestion, LiveSecond, WatchEvent } from './types';
import { endWords } from './words';

/** A second comes each second, also where no instance answers: after so long without any the connection is dead. */
const quiet = 10 * second;

/** How long a page that nobody sees goes on watching. Agents count requests while somebody does. */
const hiddenPatience = minute;

/** The seconds of a question as they come. The question does not change while it is used: whoever asks another begins anew. */
export function useLive({ scope, filter, least }: LiveQuestion) {
  const [feed, dispatch] = useReducer(reduceFeed, emptyFeed);
  const [attempt, setAttempt] = useState(0);
  const asleep = useHiddenFor(hiddenPatience);

  useEffect(() => {
    if (asleep) {
      dispatch({ kind: 'sleep' });
      return;
    }
    const control = new AbortController();
    const params = new URLSearchParams({ scope, histograms: 'rows', ...(filter === '' ? {} : { filter }), ...(least === '' ? {} : { min_duration: least }) });
    let asked = Date.now();
    dispatch({ kind: 'connect' });
    const onEvent = (name: string, data: unknown) => {
      const now = Date.now();
      switch (name) {
        case 'watch':
          dispatch({ kind: 'watch', event: data as WatchEvent, asked, now });
          break;
        case 'second':
          dispatch({ kind: 'second', event: data as LiveSecond, now });
          break;
        case 'dropped':
          dispatch({ kind: 'dropped', seconds: (data as { seconds: number }).seconds });
          break;
        case 'end':
          throw new Problem(503, 'Stream ended', endWords((data as { reason?: string }).reason ?? ''));
      }
    };
    void followStream(
      '/api/v1/live',
      params,
      quiet,
      { onTry: () => (asked = Date.now()), onEvent, onProblem: (problem, next) => dispatch({ kind: 'problem', problem, next: next === undefined ? undefined : Date.now() + next }) },
      control.signal,
    );
    const timer = setInterval(() => dispatch({ kind: 'tick', now: Date.now() }), second);
    return () => {
      clearInterval(timer);
      control.abort();
    };
  }, [scope, filter, least, asleep, attempt]);

  return { feed, again: () => setAttempt((n) => n + 1) };
}

/** Whether the page has not been seen for so long. */
function useHiddenFor(patience: number): boolean {
  const [asleep, setAsleep] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      clearTimeout(timer);
      if (document.visibilityState === 'hidden') timer = setTimeout(() => setAsleep(true), patience);
      else setAsleep(false);
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [patience]);
  return asleep;
}
