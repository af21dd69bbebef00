/** Whether the server is there, as the questions to it tell, and when it is there again. */

import type { QueryClient } from '@tanstack/react-query';
import { baseURL } from '@/api/client';
import { asProblem } from '@/api/problem';

/** How far a starting server is. */
export interface Progress {
  /** What it does. */
  state: string;
  /** The part that is done, 0 to 1, where it says so. */
  done?: number;
}

export type ServerState =
  | { is: 'there' }
  /** It does not answer since an instant; the newest of what the page shows is from another, if it shows anything. */
  | { is: 'away'; since: number; dataFrom?: number }
  | { is: 'starting'; progress: Progress };

export const there: ServerState = { is: 'there' };

interface ReadyProblem {
  title?: string;
  detail?: string;
  state?: string;
  replay?: { first: number; current: number; last: number };
}

/** What the answer of /-/ready says; undefined for one that says nothing of the kind. */
export function readReady(status: number, text: string): Progress | undefined {
  if (status !== 503) return undefined;
  let problem: ReadyProblem;
  try {
    problem = JSON.parse(text) as ReadyProblem;
  } catch {
    return undefined; // a proxy's page: the server behind it is away
  }
  const { state, replay, detail } = problem;
  const words = state ?? detail ?? problem.title;
  if (words === undefined) return undefined;
  const count = replay === undefined ? 0 : replay.last - replay.first + 1;
  if (replay === undefined || count <= 0 || replay.last === 0) return { state: words };
  return { state: words, done: Math.min(1, Math.max(0, (replay.current - replay.first) / count)) };
}

const firstWait = 1000;
const longestWait = 10_000;

async function askReady(): Promise<{ ready: boolean; progress?: Progress }> {
  try {
    const response = await fetch(`${baseURL()}/-/ready`, { cache: 'no-store', signal: AbortSignal.timeout(5000), credentials: 'same-origin' });
    if (response.ok) return { ready: true };
    const progress = readReady(response.status, await response.text());
    return progress === undefined ? { ready: false } : { ready: false, progress };
  } catch {
    return { ready: false };
  }
}

/** Watches the questions of a client. Once one fails because the server is away or starts, it asks whether it is ready until it is, and lets everything be asked anew. */
export class ServerWatch {
  private state: ServerState = there;
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastAnswer: number | undefined;

  constructor(private readonly client: QueryClient) {}

  readonly read = () => this.state;

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  /** Begins to watch; what it returns ends that. */
  start(): () => void {
    const stop = this.client.getQueryCache().subscribe((event) => {
      if (event.type !== 'updated') return;
      const { action } = event;
      if (action.type === 'success' && action.manual !== true) this.lastAnswer = action.dataUpdatedAt ?? Date.now();
      if ((action.type === 'failed' || action.type === 'error') && missing(action.error)) this.lost();
    });
    return () => {
      stop();
      clearTimeout(this.timer);
    };
  }

  private lost() {
    if (this.state.is !== 'there') return;
    this.set({ is: 'away', since: Date.now(), ...(this.lastAnswer === undefined ? {} : { dataFrom: this.lastAnswer }) });
    this.probe(0, firstWait);
  }

  private probe(wait: number, next: number) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      void askReady().then(({ ready, progress }) => {
        if (ready) {
          this.set(there);
          void this.client.invalidateQueries();
          return;
        }
        if (progress !== undefined) this.set({ is: 'starting', progress });
        else if (this.state.is !== 'away') this.set({ is: 'away', since: Date.now(), ...(this.lastAnswer === undefined ? {} : { dataFrom: this.lastAnswer }) });
        this.probe(progress === undefined ? next : firstWait, Math.min(next * 2, longestWait));
      });
    }, wait);
  }

  private set(state: ServerState) {
    this.state = state;
    this.listeners.forEach((l) => l());
  }
}

/** Whether an error says that the server is away or does not answer questions yet, and not that it refused this one. */
function missing(error: unknown): boolean {
  const problem = asProblem(error);
  return problem.unreachable || problem.starting || problem.status === 502 || problem.status === 504;
}
