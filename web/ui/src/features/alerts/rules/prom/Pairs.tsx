import { ActionIcon, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import type { Pair } from './draft';

interface Props {
  /** What they are: labels, annotations. */
  label: string;
  /** What one of them is. */
  one: 'label' | 'annotation';
  hint: string;
  value: readonly Pair[];
  onChange: (pairs: Pair[]) => void;
  error?: string | undefined;
}

/** Texts by name. */
export function Pairs({ label, one, hint, value, onChange, error }: Props) {
  const set = (i: number, part: Partial<Pair>) => onChange(value.map((p, k) => (k === i ? { ...p, ...part } : p)));
  return (
    <Stack gap={4} role="group" aria-label={label}>
      <Text size="sm" fw={500} title={hint}>
        {label}
      </Text>
      {value.map((p, i) => (
        <Group key={i} gap={6} wrap="nowrap">
          <TextInput size="xs" flex={1} miw={90} aria-label={`Name of ${one} ${i + 1}`} placeholder="name" value={p.name} onChange={(e) => set(i, { name: e.currentTarget.value })} />
          <TextInput size="xs" flex={3} miw={120} aria-label={`Value of ${one} ${i + 1}`} placeholder="text" value={p.value} onChange={(e) => set(i, { value: e.currentTarget.value })} />
          <ActionIcon variant="subtle" color="gray" aria-label={`Remove ${one} ${i + 1}`} onClick={() => onChange(value.filter((_, k) => k !== i))}>
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      ))}
      {error !== undefined && (
        <Text size="xs" c="var(--mantine-color-error)" role="alert">
          {error}
        </Text>
      )}
      <div>
        <Button size="compact-xs" variant="default" onClick={() => onChange([...value, { name: '', value: '' }])}>
          {one === 'annotation' ? 'Add an annotation' : `Add a ${one}`}
        </Button>
      </div>
    </Stack>
  );
}
