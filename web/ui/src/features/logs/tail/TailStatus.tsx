import { Group, Text } from '@mantine/core';
import { Status } from '@/components/Status';
import type { TailBuffer } from './buffer';
import type { TailState } from './useTail';

/** Whether rows come, and how many there were. */
export function TailStatus({ state, paused, buffer, waiting }: { state: TailState; paused: boolean; buffer: TailBuffer; waiting: number }) {
  const said = [`${buffer.total.toLocaleString('en-US')} rows came`];
  if (waiting > 0) said.push(`${waiting.toLocaleString('en-US')} wait`);
  if (buffer.dropped > 0) said.push(`${buffer.dropped.toLocaleString('en-US')} were left out, because this browser was too slow`);
  return (
    <Group gap="xs" role="status">
      <Light state={state} paused={paused} />
      <Text size="xs" c="dimmed">
        {said.join(' · ')}
      </Text>
    </Group>
  );
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
