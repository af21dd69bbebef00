import { useState } from 'react';
import { asProblem, type Mistake, type Problem } from '@/api/problem';
import { useResource, useSaveResource, type ResourceKind } from './queries';
import type { ResourceDocument } from './types';

export interface ResourceForm {
  saving: boolean;
  saved: boolean;
  problem: Problem | undefined;
  /** What the server says of a field or anything below it. */
  errorOf: (field: string) => string | undefined;
  /** What somebody else stored since the form was opened. */
  conflict: ResourceDocument | undefined;
  /** Somebody else deleted it since: saving makes it anew. */
  deleted: boolean;
  save: (document: { name: string; [field: string]: unknown }, onSaved: (stored: ResourceDocument) => void) => void;
  /** Goes on with this form's content, over what somebody else stored. */
  ignoreConflict: () => void;
}

/** The words of the mistakes in a field, or in what is below it where `deep`. */
export function mistakesAt(mistakes: readonly Mistake[], field: string, deep = true): string | undefined {
  const own = mistakes.filter((m) => m.field === field || (deep && (m.field?.startsWith(`${field}.`) === true || m.field?.startsWith(`${field}[`) === true)));
  return own.length === 0 ? undefined : own.map((m) => m.rule ?? '').join('; ');
}

/** Saving of a document: made anew without `stored`, else only if nobody changed it since. */
export function useResourceForm(kind: ResourceKind, stored: ResourceDocument | undefined): ResourceForm {
  const [etag, setEtag] = useState(stored?.etag);
  const latest = useResource(kind, stored?.name ?? '', stored !== undefined);
  const change = useSaveResource(kind);
  const problem = change.error === null ? undefined : asProblem(change.error);
  const deleted = stored !== undefined && latest.error !== null && asProblem(latest.error).status === 404;
  const conflict = !deleted && etag !== undefined && !change.isPending && latest.data !== undefined && latest.data.etag !== etag ? latest.data : undefined;
  return {
    saving: change.isPending,
    saved: change.isSuccess,
    // A conflict has its own words as soon as it is known what is stored now.
    problem: (problem?.status === 412 && (conflict !== undefined || deleted)) || (problem?.status === 404 && deleted) ? undefined : problem,
    errorOf: (field) => mistakesAt(problem?.mistakes ?? [], field),
    conflict,
    deleted,
    save: (document, onSaved) =>
      change.mutate(
        { document, etag: deleted ? undefined : etag },
        {
          onSuccess: (now) => {
            setEtag(now.etag);
            onSaved(now);
          },
        },
      ),
    ignoreConflict: () => {
      setEtag(conflict?.etag);
      change.reset();
    },
  };
}
