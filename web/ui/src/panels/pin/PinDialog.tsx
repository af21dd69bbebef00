import { lazy, Suspense } from 'react';
import type { Pinned } from './usePin';

const PinModal = lazy(() => import('./PinModal'));

/** The dialog that pins, loaded when it is first asked for; undefined pins nothing. */
export function PinDialog({ pinned, onClose }: { pinned: Pinned | undefined; onClose: () => void }) {
  if (pinned === undefined) return null;
  return (
    <Suspense fallback={null}>
      <PinModal pinned={pinned} onClose={onClose} />
    </Suspense>
  );
}
