/** Several questions behind one panel. */

import type { Asked } from './Panel';
import { ageLimit } from './useOverdue';

/** What several questions come to, as a panel has it: it is that of the first, besides the failure of any and the age of the one that is due first, and trying again asks all. */
export function asOne<T>(data: T | undefined, [first, ...others]: readonly [Asked<unknown>, ...Asked<unknown>[]]): Asked<T> {
  const all = [first, ...others];
  const failed = all.find((a) => problemIn(a) != null);
  // What never had an answer is as old as what is shown beside it.
  const due = all.filter((a) => (a.refresh ?? 0) > 0 && a.dataUpdatedAt > 0).sort((a, b) => dueAt(a) - dueAt(b))[0];
  const since = [failed?.dataUpdatedAt ?? 0, due?.dataUpdatedAt ?? 0, first.dataUpdatedAt, ...others.map((a) => a.dataUpdatedAt)].find((at) => at > 0) ?? 0;
  return {
    ...first,
    refresh: due?.refresh ?? 0,
    data,
    error: failed === undefined ? null : problemIn(failed),
    failureReason: null,
    dataUpdatedAt: since,
    refetch: () => Promise.all(all.map((a) => a.refetch())),
  };
}

const dueAt = (a: Asked<unknown>) => a.dataUpdatedAt + ageLimit(a.refresh ?? 0);

/** Why a question has no answer now, also while it is asked again; null or undefined where it did not fail. */
export function problemIn({ error, failureReason }: Pick<Asked<unknown>, 'error' | 'failureReason'>): unknown {
  return error ?? failureReason;
}
