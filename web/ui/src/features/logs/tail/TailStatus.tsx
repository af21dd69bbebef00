import { Anchor, Group, Text } from '@mantine/core';
import { Status } from '@/components/Status';
import { formatInstant } from '@/lib/time';
import { ViewLink } from '@/view/ViewLink';
import { gapParams, mostRows, type TailBuffer } from './buffer';
import type { TailState } from './useTail';

/** Whether rows come, and how many there were. */
export function TailStatus({ state, paused, buffer, waiting }: { state: TailState; paused: boolean; buffer: TailBuffer; waiting: number }) {
  const said = [`${buffer.total.toLocaleString('en-US')} rows came`];
  if (waiting > 0) said.push(`${waiting.toLocaleString('en-US')} wait`);
  if (buffer.dropped > 0) said.push(`${buffer.dropped.toLocaleString('en-US')} were left out, because this browser was too slow`);
  if (buffer.overflowed > 0) said.push(`${buffer.overflowed.toLocaleString('en-US')} that waited were left out: no more than ${mostRows.toLocaleString('en-US')} can wait`);
  return (
    <Group gap="xs" role="status">
      <Light state={state} paused={paused} />
      <Text size="xs" c="dimmed">
        {said.join(' · ')}
      </Text>
    </Group>
  );
}

/** When nothing was followed, with the way to the rows of that time. */
export function TailGaps({ buffer, table, scope, filter, utc }: { buffer: TailBuffer; table: string; scope: string; filter: string; utc: boolean }) {
  return buffer.gaps.map((gap) => (
    <Text key={gap.start} size="xs" role="note">
      Rows between {formatInstant(gap.start, utc)} and {formatInstant(gap.end, utc, true)} were not followed, as the connection was lost.{' '}
      <Anchor component={ViewLink} to="/logs" params={gapParams(gap, table, scope, filter)} size="xs">
        Query them
      </Anchor>
    </Text>
  ));
}

function Light({ state, paused }: { state: TailState; paused: boolean }) {
  switch (state.kind) {
    case 'connecting':
      return <Status kind="none">connecting</Status>;
    case 'live':
      return <Status kind={paused ? 'info' : 'ok'}>{paused ? 'paused' : 'live'}</Status>;
    case 'lost':
      return <Status kind="warning">{`lost: ${state.problem.title.toLowerCase()}; tries again`}</Status>;
    case 'refused':
      return <Status kind="critical">{state.problem.title}</Status>;
  }
}
