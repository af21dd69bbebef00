import { ActionIcon, Autocomplete, Button, Group, MultiSelect, Select, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import type { ResourceForm } from '@/panels/resources/useResourceForm';
import { newRecurrence, scheduleText, type ProcessingDraft, type RecurrenceDraft } from './draft';

interface Props {
  draft: ProcessingDraft;
  onChange: (part: Partial<ProcessingDraft>) => void;
  errorOf: ResourceForm['errorOf'];
}

const days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const zones = Intl.supportedValuesOf('timeZone');

/** When a processing rule holds: between two times, and at times that come again. */
export function Schedule({ draft, onChange, errorOf }: Props) {
  const set = (i: number, part: Partial<RecurrenceDraft>) => onChange({ recurrences: draft.recurrences.map((r, k) => (k === i ? { ...r, ...part } : r)) });
  return (
    <Stack gap="sm" role="group" aria-label="Schedule">
      <Text size="sm" fw={500}>
        Holds {scheduleText(draft)}
      </Text>
      <Group gap="sm" align="flex-start">
        <TextInput label="From" w={190} placeholder="2026-11-28T10:00:00" value={draft.from} onChange={(e) => onChange({ from: e.currentTarget.value })} error={errorOf('schedule.effectiveFrom')} />
        <TextInput label="Until" w={190} placeholder="no end" value={draft.until} onChange={(e) => onChange({ until: e.currentTarget.value })} error={errorOf('schedule.effectiveUntil')} />
        <Autocomplete label="Time zone" w={190} placeholder="UTC" limit={50} data={zones} value={draft.timeZone} onChange={(timeZone) => onChange({ timeZone })} error={errorOf('schedule.timeZone')} />
      </Group>
      {draft.recurrences.map((r, i) => (
        <Group key={i} gap={6} align="flex-end" role="group" aria-label={`Recurrence ${i + 1}`}>
          <Select size="xs" w={110} label="Again" data={['Daily', 'Weekly', 'Monthly']} value={r.recurrenceType} onChange={(v) => set(i, { recurrenceType: v ?? 'Daily' })} allowDeselect={false} />
          {r.recurrenceType === 'Weekly' && <MultiSelect size="xs" miw={180} label="On" data={days} value={r.daysOfWeek} onChange={(daysOfWeek) => set(i, { daysOfWeek })} />}
          {r.recurrenceType === 'Monthly' && <TagsInput size="xs" miw={180} label="On days (−1 is the last)" value={r.daysOfMonth} onChange={(daysOfMonth) => set(i, { daysOfMonth })} />}
          <TextInput size="xs" w={100} label="From" placeholder="00:00:00" value={r.startTime} onChange={(e) => set(i, { startTime: e.currentTarget.value })} />
          <TextInput size="xs" w={100} label="To" placeholder="next day" value={r.endTime} onChange={(e) => set(i, { endTime: e.currentTarget.value })} />
          <ActionIcon variant="subtle" color="gray" aria-label={`Remove recurrence ${i + 1}`} onClick={() => onChange({ recurrences: draft.recurrences.filter((_, k) => k !== i) })}>
            <IconTrash size={16} />
          </ActionIcon>
          {errorOf(`schedule.recurrences[${i}]`) !== undefined && (
            <Text size="xs" c="var(--mantine-color-error)" role="alert">
              {errorOf(`schedule.recurrences[${i}]`)}
            </Text>
          )}
        </Group>
      ))}
      <div>
        <Button size="compact-xs" variant="default" onClick={() => onChange({ recurrences: [...draft.recurrences, newRecurrence] })}>
          Add times that come again
        </Button>
      </div>
    </Stack>
  );
}
