import { Button, Group, Text } from '@mantine/core';
import { IconPlayerPauseFilled, IconPlayerPlayFilled } from '@tabler/icons-react';
import { Status } from '@/components/Status';
import { formatInstant, second } from '@/lib/time';
import { formatDuration } from '@/lib/units';
import { useNow } from '@/view/now';
import { behind, delayOf, type Feed } from './feed';

/** From when on a second that did not come is told. */
const overdue = 4 * second;

interface Props {
  feed: Feed;
  /** What is shown instead, while the page is held. */
  held: Feed | undefined;
  utc: boolean;
  onHold: () => void;
}

/** Whether seconds come, how late, and how far behind the page is. */
export function StateLine({ feed, held, utc, onHold }: Props) {
  const now = useNow();
  const late = behind(held ?? feed, feed);
  const last = feed.buffer.at(-1);
  const age = last === undefined ? 0 : now + feed.ahead - (last.at + second);
  const delay = delayOf(feed.buffer);
  const said: string[] = [];
  if (held !== undefined) said.push(`${formatDuration(late)} behind; seconds are collected meanwhile`);
  if (feed.state.kind === 'lost') said.push(`tries again ${feed.state.next > now ? `in ${formatDuration(Math.ceil((feed.state.next - now) / second) * second)}` : 'now'}`);
  if (last !== undefined) {
    if (age > overdue) said.push(`the last second came ${formatDuration(Math.floor(age / second) * second)} ago`);
    else if (delay !== undefined) said.push(`${formatInstant(last.at, utc, true)} came ${formatDelay(delay.last)} after its end, the slowest ${formatDelay(delay.longest)}`);
    const { answered, known } = last.event.instances;
    said.push(`${answered} of ${known} instances answered`);
  }
  if (feed.dropped > 0) said.push(`${feed.dropped} seconds were left out, because this browser was too slow`);
  return (
    <Group gap="sm" justify="space-between">
      <Group gap="xs">
        <span role="status">
          <Light feed={feed} held={held !== undefined} overdue={last !== undefined && age > overdue} />
        </span>
        <Text size="xs" c="dimmed" title={clockWords(feed)}>
          {said.join(' · ')}
        </Text>
      </Group>
      <Button
        size="xs"
        variant={held === undefined ? 'default' : 'filled'}
        leftSection={held === undefined ? <IconPlayerPauseFilled size={14} /> : <IconPlayerPlayFilled size={14} />}
        disabled={feed.end === undefined}
        onClick={onHold}
      >
        {held === undefined ? 'Pause' : 'Go on'}
      </Button>
    </Group>
  );
}

function Light({ feed, held, overdue: late }: { feed: Feed; held: boolean; overdue: boolean }) {
  switch (feed.state.kind) {
    case 'connecting':
      return <Status kind="none">connecting</Status>;
    case 'live':
      if (held) return <Status kind="info">paused</Status>;
      return late ? <Status kind="warning">no seconds come</Status> : <Status kind="ok">live</Status>;
    case 'lost':
      return <Status kind="warning">{`${held ? 'paused, and ' : ''}lost: ${feed.state.problem.title.toLowerCase()}`}</Status>;
    case 'refused':
      return <Status kind="critical">{feed.state.problem.title.toLowerCase()}</Status>;
    case 'asleep':
      return <Status kind="none">asleep, because nobody looked</Status>;
  }
}

// A clock that is a few milliseconds ahead of what it is measured against would make delays that are below zero.
const formatDelay = (ms: number) => formatDuration(Math.max(0, Math.round(ms / 10) * 10));

function clockWords({ ahead }: Feed): string {
  const clock = Math.abs(ahead) < second ? '' : ` This browser's clock is ${formatDuration(Math.abs(ahead))} ${ahead > 0 ? 'behind' : 'ahead of'} the server's, which is allowed for.`;
  return `A second is shown when it is over and the frames of all instances are there, at the latest half a second after its end (live.settle).${clock}`;
}
