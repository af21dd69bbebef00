import { ActionIcon, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { asProblem } from '@/api/problem';
import { ProblemBox } from '@/components/Panel';
import { formatLength, parseLength } from '@/lib/time';
import { LeaveGuard } from '@/panels/resources/LeaveGuard';
import { useUnsaved } from '@/panels/resources/useUnsaved';
import { matcherOperators, matchersError, operatorOf, withOperator, type Matcher } from './matchers';
import { useMakeSilence, type Silence } from './queries';

const parts = ['new', 'like'];

interface Props {
  matchers: Matcher[];
  /** The silence that is changed, or made again. */
  like?: Silence;
  onDone: () => void;
}

const lengths = ['30m', '1h', '2h', '8h', '1d', '7d'];
const who = 'endscope.silences.by';

/** A silence: which alerts, how long, who and why. */
export function SilenceForm({ matchers: initial, like, onDone }: Props) {
  const [matchers, setMatchers] = useState(initial);
  const [length, setLength] = useState('2h');
  const [by, setBy] = useState(() => like?.createdBy ?? localStorage.getItem(who) ?? '');
  const [comment, setComment] = useState(like?.comment ?? '');
  const [tried, setTried] = useState(false);
  const content = { matchers, length, by, comment };
  const unsaved = useUnsaved(content);
  const make = useMakeSilence();
  const set = (i: number, m: Matcher) => setMatchers(matchers.map((old, k) => (k === i ? m : old)));
  const ms = parseLength(length);
  const wrong = matchersError(matchers);
  const submit = () => {
    setTried(true);
    if (wrong !== undefined || ms === undefined || by.trim() === '' || comment.trim() === '') return;
    localStorage.setItem(who, by.trim());
    const now = Date.now();
    // One that is in force keeps its beginning; any other begins now.
    const begins = like?.status.state === 'active' ? like.startsAt : new Date(now).toISOString();
    const id = like !== undefined && like.status.state !== 'expired' ? { id: like.id } : {};
    make.mutate({ ...id, matchers, startsAt: begins, endsAt: new Date(now + ms).toISOString(), createdBy: by.trim(), comment: comment.trim() }, { onSuccess: () => unsaved.markStored(content, onDone) });
  };
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        submit();
      }}
    >
      <Stack gap="sm">
        <Text size="sm">Nobody is told of alerts whose labels fit all of these:</Text>
        {matchers.map((m, i) => (
          <Group key={i} gap={6} wrap="nowrap">
            <TextInput size="xs" flex={1} miw={80} aria-label={`Label ${i + 1}`} value={m.name} onChange={(e) => set(i, { ...m, name: e.currentTarget.value })} />
            <Select size="xs" w={64} aria-label={`How label ${i + 1} is compared`} data={matcherOperators} value={operatorOf(m)} onChange={(o) => set(i, withOperator(m, o ?? '='))} allowDeselect={false} />
            <TextInput size="xs" flex={2} miw={100} aria-label={`Value ${i + 1}`} value={m.value} onChange={(e) => set(i, { ...m, value: e.currentTarget.value })} />
            <ActionIcon variant="subtle" color="gray" aria-label={`Remove matcher ${i + 1}`} onClick={() => setMatchers(matchers.filter((_, k) => k !== i))}>
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ))}
        <Group gap="xs">
          <Button size="compact-xs" variant="default" onClick={() => setMatchers([...matchers, { name: '', value: '', isRegex: false, isEqual: true }])}>
            Add a label
          </Button>
          {tried && wrong !== undefined && (
            <Text size="xs" c="var(--mantine-color-error)" role="alert">
              {wrong}
            </Text>
          )}
        </Group>
        <Group gap="sm" align="flex-start">
          <TextInput label="For" w={110} value={length} onChange={(e) => setLength(e.currentTarget.value)} error={ms === undefined ? 'such as 90m or 2d' : undefined} />
          <Group gap={4} pt={27} role="group" aria-label="Usual lengths">
            {lengths.map((l) => (
              <Button key={l} size="compact-xs" variant={ms !== undefined && formatLength(ms) === formatLength(parseLength(l) ?? 0) ? 'light' : 'default'} onClick={() => setLength(l)}>
                {l}
              </Button>
            ))}
          </Group>
        </Group>
        <TextInput label="Who" withAsterisk value={by} onChange={(e) => setBy(e.currentTarget.value)} error={tried && by.trim() === '' ? 'says whom to ask' : undefined} />
        <TextInput label="Why" withAsterisk value={comment} onChange={(e) => setComment(e.currentTarget.value)} error={tried && comment.trim() === '' ? 'says why nobody is told' : undefined} />
        {make.error !== null && <ProblemBox problem={asProblem(make.error)} />}
        <Group justify="flex-end">
          <Button type="submit" size="sm" loading={make.isPending}>
            {like === undefined || like.status.state === 'expired' ? 'Silence' : 'Change'}
          </Button>
        </Group>
      </Stack>
      <LeaveGuard dirty={unsaved.dirty} parts={parts} />
    </form>
  );
}
