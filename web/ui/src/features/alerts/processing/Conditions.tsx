import { ActionIcon, Button, Group, Select, Stack, TagsInput, Text } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { conditionFields, operatorsOf, type ConditionDraft } from './draft';

interface Props {
  value: readonly ConditionDraft[];
  onChange: (conditions: ConditionDraft[]) => void;
  error?: string | undefined;
}

/** Of which alerts a processing rule is: all conditions must hold. */
export function Conditions({ value, onChange, error }: Props) {
  const set = (i: number, part: Partial<ConditionDraft>) => onChange(value.map((c, k) => (k === i ? { ...c, ...part } : c)));
  return (
    <Stack gap={6} role="group" aria-label="Conditions">
      <Text size="sm" fw={500}>
        Conditions
      </Text>
      {value.map((c, i) => (
        <Group key={i} gap={6} align="flex-start">
          <Select size="xs" w={150} aria-label={`Field ${i + 1}`} data={conditionFields.map((f) => ({ value: f.field, label: f.label }))} value={c.field} onChange={(field) => set(i, { field: field ?? c.field, operator: operatorsOf(field ?? c.field)[0]?.value ?? 'Equals', values: [] })} allowDeselect={false} />
          <Select size="xs" w={140} aria-label={`How field ${i + 1} is compared`} data={operatorsOf(c.field)} value={c.operator} onChange={(operator) => set(i, { operator: operator ?? 'Equals' })} allowDeselect={false} />
          <TagsInput size="xs" flex={1} miw={160} aria-label={`Values of field ${i + 1}`} data={[...(conditionFields.find((f) => f.field === c.field)?.values ?? [])]} value={c.values} onChange={(values) => set(i, { values })} maxTags={5} placeholder={c.values.length === 0 ? 'any of up to 5 values' : ''} />
          <ActionIcon variant="subtle" color="gray" aria-label={`Remove condition ${i + 1}`} onClick={() => onChange(value.filter((_, k) => k !== i))}>
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
        <Button size="compact-xs" variant="default" onClick={() => onChange([...value, { field: 'Severity', operator: 'Equals', values: [] }])}>
          Add a condition
        </Button>
      </div>
    </Stack>
  );
}
