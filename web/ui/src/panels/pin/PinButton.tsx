import { Button } from '@mantine/core';
import { IconPin } from '@tabler/icons-react';
import { useState } from 'react';
import { PinDialog } from './PinDialog';
import type { Pinned } from './usePin';

/** A button that puts something onto a dashboard. */
export function PinButton({ pinned, disabled = false }: { pinned: Pinned; disabled?: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="xs" variant="default" leftSection={<IconPin size={14} aria-hidden />} disabled={disabled} onClick={() => setOpen(true)} title="Put it onto a dashboard, where it is asked over the time of the page">
        Pin
      </Button>
      <PinDialog pinned={open ? pinned : undefined} onClose={() => setOpen(false)} />
    </>
  );
}
