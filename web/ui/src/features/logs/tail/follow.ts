/** Follows the rows of a table as they are stored, and begins again where the connection is lost. */

import { baseURL } from '@/api/client';
import { asProblem, Problem, problemOf, unreachable } from '@/api/problem';
import type { LogColumn, LogRow } from '@/components/logs/answer';
import { EventParser } from './events';

export interface TailQuestion {
  table: string;
  scope: string;
  /** A condition in KQL, as it stands after where; empty for all rows. */
  filter: string;
}

export interface Listener {
  /** The stream is open; the columns of its rows. */
  onOpen: (columns: readonly LogColumn[]) => void;
  onRows: (rows: readonly LogRow[]) => void;
  onDropped: (rows: number) => void;
  /** It is lost; another try follows unless the question itself is refused. */
  onProblem: (problem: Problem, again: boolean) => void;
}

const [firstWait, longestWait] = [1000, 15_000];

/** Follows until the signal ends it or the server refuses the question. */
export async function follow(question: TailQuestion, listener: Listener, signal: AbortSignal): Promise<void> {
  let wait = firstWait;
  const onOpen = (columns: readonly LogColumn[]) => {
    wait = firstWait;
    listener.onOpen(columns);
  };
  while (!signal.aborted) {
    let problem: Problem;
    try {
      await read(question, { ...listener, onOpen }, signal);
      problem = new Problem(0, 'Stream ended', 'The server ended the stream. It may be stopping.');
    } catch (error) {
      problem = asProblem(error);
    }
    if (isAborted(signal)) return;
    listener.onProblem(problem, problem.temporary);
    if (!problem.temporary) return;
    await sleep(problem.retryAfter ?? wait, signal);
    wait = Math.min(wait * 2, longestWait);
  }
}

// A function, since the signal changes while the loop waits, which the type of what was read before does not know.
const isAborted = (signal: AbortSignal) => signal.aborted;

async function read({ table, scope, filter }: TailQuestion, listener: Listener, signal: AbortSignal): Promise<void> {
  const params = new URLSearchParams({ table, ...(scope === '' ? {} : { scope }), ...(filter.trim() === '' ? {} : { filter }) });
  let response: Response;
  try {
    response = await fetch(`${baseURL()}/api/v1/logs/tail?${params.toString()}`, { signal, headers: { Accept: 'text/event-stream' } });
  } catch (error) {
    throw unreachable(error);
  }
  if (!response.ok || response.body === null) throw await problemOf(response);
  const parser = new EventParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    let piece: ReadableStreamReadResult<string>;
    try {
      piece = await reader.read();
    } catch (error) {
      throw unreachable(error);
    }
    if (piece.done) return;
    for (const { name, data } of parser.push(piece.value)) handle(name, JSON.parse(data), listener);
  }
}

/** The events of the API, whose data are of the kinds that it says. */
function handle(name: string, data: unknown, listener: Listener): void {
  switch (name) {
    case 'table':
      listener.onOpen((data as { columns: LogColumn[] }).columns);
      break;
    case 'rows':
      listener.onRows(data as LogRow[]);
      break;
    case 'dropped':
      listener.onDropped((data as { rows: number }).rows);
      break;
    case 'problem': {
      const { status, title, detail } = data as { status: number; title: string; detail?: string };
      throw new Problem(status, title, detail ?? '');
    }
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
