/** Follows a stream of server-sent events, and begins again where the connection is lost. */

import { EventParser } from '@/lib/events';
import { baseURL } from './client';
import { asProblem, Problem, problemOf, unreachable } from './problem';

export interface StreamListener {
  /** The question is about to be sent. */
  onTry?: () => void;
  /** An event of the stream. A Problem that it throws ends the connection. */
  onEvent: (name: string, data: unknown) => void;
  /** The connection is lost; another try follows after some milliseconds, or none where the question itself is refused. */
  onProblem: (problem: Problem, next: number | undefined) => void;
}

const [firstWait, longestWait] = [1000, 15_000];

/** Follows until the signal ends it or the server refuses the question. Waits become longer with each failure, until events come. */
export async function followStream(path: string, params: URLSearchParams, listener: StreamListener, signal: AbortSignal): Promise<void> {
  let wait = firstWait;
  const onEvent = (name: string, data: unknown) => {
    wait = firstWait;
    listener.onEvent(name, data);
  };
  while (!signal.aborted) {
    let problem: Problem;
    try {
      await read(`${baseURL()}${path}?${params.toString()}`, { ...listener, onEvent }, signal);
      problem = new Problem(0, 'Stream ended', 'The server ended the stream. It may be stopping.');
    } catch (error) {
      problem = asProblem(error);
    }
    if (isAborted(signal)) return;
    if (!problem.temporary) {
      listener.onProblem(problem, undefined);
      return;
    }
    const next = problem.retryAfter ?? wait;
    listener.onProblem(problem, next);
    await sleep(next, signal);
    wait = Math.min(wait * 2, longestWait);
  }
}

// A function, since the signal changes while the loop waits, which the type of what was read before does not know.
const isAborted = (signal: AbortSignal) => signal.aborted;

async function read(url: string, listener: StreamListener, signal: AbortSignal): Promise<void> {
  let response: Response;
  listener.onTry?.();
  try {
    response = await fetch(url, { signal, headers: { Accept: 'text/event-stream' } });
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
    for (const { name, data } of parser.push(piece.value)) listener.onEvent(name, JSON.parse(data));
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
