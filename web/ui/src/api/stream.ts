/** Follows a stream of server-sent events, and begins again where the connection is lost. */

import { EventParser } from '@/lib/events';
import { baseURL } from './client';
import { asProblem, Problem, problemOf, unreachable } from './problem';

export interface StreamListener {
  /** The question is about to be sent. */
  onTry?: () => void;
  /** An event of the stream. A Problem that it throws ends the connection. */
  onEvent: (name: string, data: unknown) => void;
  /**
   * The connection is lost; another try follows after some milliseconds, or none where the question itself is refused. `heard` is when the server was
   * last heard of, undefined where this try did not get that far.
   */
  onProblem: (problem: Problem, next: number | undefined, heard: number | undefined) => void;
}

const [firstWait, longestWait] = [1000, 15_000];

/** How long the server may take before its answer begins. A condition on rows waits for its turn, as queries do. */
const longestStart = 60_000;

/**
 * Follows until the signal ends it or the server refuses the question. Waits become longer with each failure, until events come. A connection on which
 * nothing came for `quiet` milliseconds, not even a comment, is dead, which nothing else would tell.
 */
export async function followStream(path: string, params: URLSearchParams, quiet: number, listener: StreamListener, signal: AbortSignal): Promise<void> {
  let wait = firstWait;
  let heard: number | undefined;
  const onBytes = () => (heard = Date.now());
  const onEvent = (name: string, data: unknown) => {
    wait = firstWait;
    listener.onEvent(name, data);
  };
  while (!signal.aborted) {
    let problem: Problem;
    heard = undefined;
    const connection = new Connection(signal);
    try {
      await read(`${baseURL()}${path}?${params.toString()}`, { ...listener, onEvent, onBytes, quiet }, connection);
      problem = new Problem(0, 'Stream ended', 'The server ended the stream. It may be stopping.');
    } catch (error) {
      problem = asProblem(error);
    } finally {
      connection.end();
    }
    if (isAborted(signal)) return;
    if (!problem.temporary) {
      listener.onProblem(problem, undefined, heard);
      return;
    }
    const next = problem.retryAfter ?? wait;
    listener.onProblem(problem, next, heard);
    await sleep(next, signal);
    wait = Math.min(wait * 2, longestWait);
  }
}

// A function, since the signal changes while the loop waits, which the type of what was read before does not know.
const isAborted = (signal: AbortSignal) => signal.aborted;

/** One try, which can be ended without the whole. */
class Connection {
  private readonly control = new AbortController();
  private readonly stop = () => this.control.abort();

  constructor(private readonly outer: AbortSignal) {
    outer.addEventListener('abort', this.stop, { once: true });
  }

  get signal(): AbortSignal {
    return this.control.signal;
  }

  /** What comes of the connection, or a Problem where that takes too long. */
  async within<T>(patience: number, coming: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Problem(0, 'Connection is silent', `Nothing came for ${Math.round(patience / 1000)} s.`)), patience);
    });
    try {
      return await Promise.race([coming, late]);
    } catch (error) {
      throw error instanceof Problem ? error : unreachable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  end(): void {
    this.outer.removeEventListener('abort', this.stop);
    this.stop();
  }
}

interface Reader extends StreamListener {
  quiet: number;
  onBytes: () => void;
}

async function read(url: string, listener: Reader, connection: Connection): Promise<void> {
  listener.onTry?.();
  const response = await connection.within(longestStart, fetch(url, { signal: connection.signal, headers: { Accept: 'text/event-stream' } }));
  if (!response.ok || response.body === null) throw await problemOf(response);
  const parser = new EventParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const piece = await connection.within(listener.quiet, reader.read());
    if (piece.done) return;
    listener.onBytes();
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
