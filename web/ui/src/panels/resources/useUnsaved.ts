import { useEffect, useState } from 'react';

/** Whether a form's content differs from what it was opened with, or from what was stored last. */
export function useUnsaved(content: unknown) {
  const text = JSON.stringify(content);
  const [stored, setStored] = useState(text);
  const [then, setThen] = useState<() => void>();
  const dirty = text !== stored;
  // Whoever changed more while it was being saved stays where they are.
  if (dirty && then !== undefined) setThen(undefined);
  // Only now does the guard know that nothing is lost by leaving.
  useEffect(() => then?.(), [then]);
  return {
    dirty,
    /** Takes note of what was sent and is stored now; goes on with `next` if nothing was changed meanwhile. */
    markStored: (sent: unknown, next: () => void) => {
      setStored(JSON.stringify(sent));
      setThen(() => next);
    },
  };
}
