import { hashKey, type QueryKey } from '@tanstack/react-query';

/**
 * What is shown while the answer to a question is on its way: that of the question before, where only the time differs, which keys have
 * last. The answer to any other question would be a wrong one under the new title.
 */
export function previousTime(key: QueryKey) {
  const about = hashKey(key.slice(0, -1));
  return <T>(before: T | undefined, query: { queryKey: QueryKey } | undefined): T | undefined => (query !== undefined && hashKey(query.queryKey.slice(0, -1)) === about ? before : undefined);
}
