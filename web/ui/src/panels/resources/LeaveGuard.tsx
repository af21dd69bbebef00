import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useEffect } from 'react';
import { useBlocker } from 'react-router';

interface Props {
  /** Whether there is something to lose. */
  dirty: boolean;
  /** The parameters of the page that hold the edit open: it is left where one of them changes, as on another page. */
  parts: readonly string[];
}

/** Asks before an edit is left that is not saved: by a link, by the browser's buttons, or by closing the window. */
export function LeaveGuard({ dirty, parts }: Props) {
  const blocker = useBlocker(({ currentLocation, nextLocation }) => {
    const [now, next] = [new URLSearchParams(currentLocation.search), new URLSearchParams(nextLocation.search)];
    return dirty && (currentLocation.pathname !== nextLocation.pathname || parts.some((name) => now.get(name) !== next.get(name)));
  });
  useEffect(() => {
    if (!dirty) return;
    const ask = (e: BeforeUnloadEvent) => e.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [dirty]);
  if (blocker.state !== 'blocked') return null;
  return (
    <Modal opened onClose={blocker.reset} title="Leave without saving?" centered>
      <Stack gap="sm">
        <Text size="sm">What you changed here is not stored yet, and would be lost.</Text>
        <Group gap="xs" justify="flex-end">
          <Button size="xs" variant="default" data-autofocus onClick={blocker.reset}>
            Stay
          </Button>
          <Button size="xs" color="red" onClick={blocker.proceed}>
            Leave
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
