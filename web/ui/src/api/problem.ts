/** What went wrong, as RFC 9457 and the server have it: what, why, and each mistake by itself. */

export interface Mistake {
  field?: string;
  value?: string;
  rule?: string;
}

const notReachable = 'Server not reachable';

/** A place in a text; both count from 1. */
export interface Place {
  line: number;
  column: number;
}

export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    /** HTTP's status; 0 where there was no answer. */
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly mistakes: Mistake[] = [],
    /** Milliseconds after which to ask again, if the server said so. */
    readonly retryAfter?: number,
    /** Where in a query it is, if it is in one. */
    readonly place?: Place,
  ) {
    super(detail === '' ? title : `${title}: ${detail}`);
  }

  /** Whether asking again may help: the server was not there, starts, or has too much to do. */
  get temporary(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }

  /** Whether nothing answered at all. */
  get unreachable(): boolean {
    return this.status === 0 && this.title === notReachable;
  }

  /** Whether the server said that it starts, and does not answer questions yet. */
  get starting(): boolean {
    return this.status === 503 && this.title === 'Server is starting';
  }
}

/** Reads the problem out of an answer of any of the server's shapes: RFC 9457, Prometheus's, Azure's, or text of a proxy between. */
export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => '');
  const title = response.statusText === '' ? `HTTP ${response.status}` : response.statusText;
  const retry = Number(response.headers.get('Retry-After'));
  const after = Number.isFinite(retry) && retry > 0 ? retry * 1000 : undefined;
  const parsed = parse(text);
  if (parsed === undefined) {
    const short = text.startsWith('<') ? '' : text.trim().slice(0, 500); // no pages of proxies
    return new Problem(response.status, title, short, [], after);
  }
  return new Problem(response.status, str(parsed.title) ?? title, detailOf(parsed), mistakesOf(parsed.errors), after, placeOf(parsed));
}

export function unreachable(cause: unknown): Problem {
  if (cause instanceof DOMException && cause.name === 'TimeoutError') {
    return new Problem(0, 'No answer', 'The server did not answer in time.');
  }
  return new Problem(0, notReachable, 'The server does not answer. It may be stopped, starting, or the network is down.');
}

/** Any error as a problem, for panels. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(-1, 'Unexpected error', error instanceof Error ? error.message : String(error));
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function str(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function detailOf(parsed: Record<string, unknown>): string {
  const error = parsed.error;
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return str(parsed.detail) ?? str(error) ?? '';
}

function placeOf({ line, column }: Record<string, unknown>): Place | undefined {
  return typeof line === 'number' && typeof column === 'number' ? { line, column } : undefined;
}

function mistakesOf(errors: unknown): Mistake[] {
  if (!Array.isArray(errors)) return [];
  return errors.map((entry: unknown) => {
    const e = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>;
    const mistake: Mistake = {};
    for (const key of ['field', 'value', 'rule'] as const) {
      const value = str(e[key]);
      if (value !== undefined) mistake[key] = value;
    }
    return mistake;
  });
}
