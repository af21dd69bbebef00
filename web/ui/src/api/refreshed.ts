/** Says how often an answer is asked for again, in milliseconds, so that whoever shows it notices when there is no newer one; 0 where it is not. */
export function refreshed<T extends object>(query: T, refresh: number): T & { refresh: number } {
  return { ...query, refresh };
}
