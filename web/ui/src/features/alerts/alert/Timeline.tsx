import { Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { IconBell, IconBellOff, IconBellX, IconCircleCheck, IconFlame, IconMessage, IconPoint, IconSearch, IconUser, IconUsersPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { asProblem } from '@/api/problem';
import { ProblemBox } from '@/components/Panel';
import { formatInstant, formatUTC } from '@/lib/time';
import { useComment } from '../queries';
import type { TimelineEntry } from '../types';
import classes from './Timeline.module.css';

const looks: Record<string, { icon: typeof IconPoint; word: string }> = {
  fired: { icon: IconFlame, word: 'Fired' },
  resolved: { icon: IconCircleCheck, word: 'Resolved' },
  suppressed: { icon: IconBellOff, word: 'Suppressed' },
  released: { icon: IconBell, word: 'Not suppressed any more' },
  groups_added: { icon: IconUsersPlus, word: 'Groups added' },
  finding: { icon: IconSearch, word: 'Finding' },
  notified: { icon: IconBell, word: 'Told' },
  notify_failed: { icon: IconBellX, word: 'Not told' },
  muted: { icon: IconBellOff, word: 'Muted' },
  state: { icon: IconUser, word: 'State' },
  comment: { icon: IconMessage, word: 'Comment' },
};

/** What happened to an alert, newest first, and a place to say something. */
export function Timeline({ id, entries, utc }: { id: string; entries: readonly TimelineEntry[]; utc: boolean }) {
  return (
    <Stack gap="sm">
      <CommentForm id={id} />
      <ol className={classes.list} aria-label="Timeline, newest first">
        {[...entries].reverse().map((e, i) => {
          const { icon: Icon, word } = looks[e.kind ?? ''] ?? { icon: IconPoint, word: e.kind ?? '' };
          const at = Date.parse(e.at ?? '');
          return (
            <li key={`${e.at ?? ''} ${entries.length - i}`} className={classes.entry}>
              <Icon size={16} aria-hidden className={classes.icon} color={e.kind === 'notify_failed' || e.kind === 'fired' ? 'var(--status-critical)' : undefined} />
              <div>
                <Text size="xs" c="dimmed" title={formatUTC(at)}>
                  {formatInstant(Math.floor(at / 1000) * 1000, utc)} · {word}
                  {e.by !== undefined && e.by !== '' && ` by ${e.by}`}
                </Text>
                <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>
                  {e.text}
                </Text>
              </div>
            </li>
          );
        })}
      </ol>
    </Stack>
  );
}

function CommentForm({ id }: { id: string }) {
  const [text, setText] = useState('');
  const comment = useComment(id);
  const send = () => {
    if (text.trim() !== '') comment.mutate(text.trim(), { onSuccess: () => setText('') });
  };
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        send();
      }}
    >
      <Stack gap={6}>
        <Textarea
          aria-label="Comment"
          placeholder="What you found, what you do"
          autosize
          minRows={1}
          maxRows={6}
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) send();
          }}
        />
        {text.trim() !== '' && (
          <Group>
            <Button type="submit" size="xs" loading={comment.isPending}>
              Add comment
            </Button>
          </Group>
        )}
        {comment.error !== null && <ProblemBox problem={asProblem(comment.error)} />}
      </Stack>
    </form>
  );
}
