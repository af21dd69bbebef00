import { Group, Progress, Text } from '@mantine/core';
import { IconHourglass, IconPlugConnectedX } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { formatInstant, formatUTC, second } from '@/lib/time';
import classes from './ServerBanner.module.css';
import { ServerWatch } from './watch';

/** One line above every page while the server is away or starts. */
export function ServerBanner({ utc }: { utc: boolean }) {
  const client = useQueryClient();
  const [watch] = useState(() => new ServerWatch(client));
  useEffect(() => watch.start(), [watch]);
  const state = useSyncExternalStore(watch.subscribe, watch.read);
  return (
    <div role="status" className={state.is === 'there' ? undefined : classes.banner}>
      {state.is === 'away' && (
        <Group gap={8} wrap="nowrap">
          <IconPlugConnectedX size={16} aria-hidden className={classes.icon} />
          <Text size="sm">
            The server is not reachable since <Clock at={state.since} utc={utc} />
            {state.dataFrom !== undefined && (
              <>
                ; what you see is from <Clock at={state.dataFrom} utc={utc} />
              </>
            )}
            . This page goes on by itself when it answers again.
          </Text>
        </Group>
      )}
      {state.is === 'starting' && (
        <Group gap={8} wrap="nowrap">
          <IconHourglass size={16} aria-hidden className={classes.icon} />
          <Text size="sm">The server is starting: {state.progress.state}. This page goes on by itself.</Text>
          {state.progress.done !== undefined && <Progress value={state.progress.done * 100} w={160} aria-label="Progress of the start" />}
        </Group>
      )}
    </div>
  );
}

function Clock({ at, utc }: { at: number; utc: boolean }) {
  return (
    <time dateTime={formatUTC(at)} title={formatUTC(at)}>
      {formatInstant(Math.round(at / second) * second, utc, true)}
    </time>
  );
}
