/** The one client of the server's API. Every answer is typed by openapi.yaml; every failure is a Problem. */

import createClient, { type Middleware } from 'openapi-fetch';
import { Problem, problemOf, unreachable } from './problem';
import type { paths } from './schema';

/** The longest that a question may take. The server gives up on its own before that. */
const timeout = 130_000;

/** Where the server is: it writes its path prefix into the page's <base>. */
export function baseURL(): string {
  return new URL('.', document.baseURI).href.replace(/\/$/, '');
}

const problems: Middleware = {
  onRequest({ request }) {
    const limit = AbortSignal.timeout(timeout);
    return new Request(request, { signal: AbortSignal.any([request.signal, limit]) });
  },
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
  },
  onError({ error }) {
    if (error instanceof Problem) return error;
    if (error instanceof DOMException && error.name === 'AbortError') return error;
    return unreachable(error);
  },
};

/** The client for code that runs in the page; tests make their own. */
export function newClient(base: string, fetcher: typeof fetch = fetch) {
  const client = createClient<paths, 'application/json'>({ baseUrl: base, fetch: (request) => fetcher(request), credentials: 'same-origin' });
  client.use(problems);
  return client;
}

export type Client = ReturnType<typeof newClient>;

let shared: Client | undefined;

export function api(): Client {
  shared ??= newClient(baseURL());
  return shared;
}

/** What an answer has, or the problem thrown. openapi-fetch has thrown already where there is one; the type does not know. */
export function body<T>(result: { data?: T; response: Response }): T {
  if (result.data === undefined) throw new Problem(result.response.status, 'Empty answer', `${result.response.url} answered without a body`);
  return result.data;
}
