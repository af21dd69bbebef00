import { ActionIcon, Autocomplete, Button, Group, Select, Stack, TagsInput, Text } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import type { DimensionDraft } from './draft';

interface Props {
  value: readonly DimensionDraft[];
  /** Dimensions that the metric has. Of a query any column may be one. */
  names: readonly string[];
  onChange: (dimensions: DimensionDraft[]) => void;
  error?: string | undefined;
}

const operators = [
  { value: 'Include', label: 'is one of' },
  { value: 'Exclude', label: 'is none of' },
  { value: 'StartsWith', label: 'starts with' },
];

/** By what a rule is split: each combination of values fires and resolves alone. */
export function Dimensions({ value, names, onChange, error }: Props) {
  const set = (i: number, part: Partial<DimensionDraft>) => onChange(value.map((d, k) => (k === i ? { ...d, ...part } : d)));
  const free = names.filter((n) => !value.some((d) => d.name === n));
  return (
    <Stack gap={6} role="group" aria-label="Split by">
      <Text size="sm" fw={500}>
        Split by
      </Text>
      <Text size="xs" c="dimmed">
        Each combination of values fires and resolves alone. * is every value, also those to come.
      </Text>
      {value.map((d, i) => (
        <Group key={i} gap={6} align="flex-start">
          <Autocomplete size="xs" w={150} aria-label={`Dimension ${i + 1}`} data={[...free]} value={d.name} onChange={(name) => set(i, { name })} />
          <Select size="xs" w={120} aria-label={`How dimension ${i + 1} is compared`} data={operators} value={d.operator} onChange={(operator) => set(i, { operator: operator ?? 'Include' })} allowDeselect={false} />
          <TagsInput size="xs" flex={1} miw={140} aria-label={`Values of dimension ${i + 1}`} value={d.values} onChange={(values) => set(i, { values })} placeholder={d.values.length === 0 ? '* or values' : ''} />
          <ActionIcon variant="subtle" color="gray" aria-label={`Remove dimension ${i + 1}`} onClick={() => onChange(value.filter((_, k) => k !== i))}>
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
        <Button size="compact-xs" variant="default" onClick={() => onChange([...value, { name: free[0] ?? '', operator: 'Include', values: ['*'] }])}>
          Add a dimension
        </Button>
      </div>
    </Stack>
  );
}
