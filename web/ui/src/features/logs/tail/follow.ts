/** Follows the rows of a table as they are stored, and begins again where the connection is lost. */

import { Problem } from '@/api/problem';
import { followStream } from '@/api/stream';
import type { LogColumn, LogRow } from '@/components/logs/answer';

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
  /** It is lost; another try follows unless the question itself is refused. `heard` is when the server was last heard of on this connection. */
  onProblem: (problem: Problem, again: boolean, heard: number | undefined) => void;
}

/** Without rows the server says every 15 s that it is there; after a few such times without a word the connection is dead. */
const quiet = 40_000;

/** Follows until the signal ends it or the server refuses the question. */
export async function follow({ table, scope, filter }: TailQuestion, listener: Listener, signal: AbortSignal): Promise<void> {
  const params = new URLSearchParams({ table, ...(scope === '' ? {} : { scope }), ...(filter.trim() === '' ? {} : { filter }) });
  await followStream('/api/v1/logs/tail', params, quiet, { onEvent: (name, data) => handle(name, data, listener), onProblem: (problem, next, heard) => listener.onProblem(problem, next !== undefined, heard) }, signal);
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
