import { Autocomplete, Group, NumberInput, Select, Text } from '@mantine/core';
import type { ResourceForm } from '@/panels/resources/useResourceForm';
import { isoWords, parseISO } from '../duration';
import type { RuleDraft } from './draft';

interface Props {
  draft: RuleDraft;
  onChange: (part: Partial<RuleDraft>) => void;
  errorOf: ResourceForm['errorOf'];
}

const frequencies = ['PT15S', 'PT30S', 'PT1M', 'PT5M', 'PT15M', 'PT30M', 'PT1H'];
const windows = [...frequencies, 'PT6H', 'PT12H', 'P1D'];

const option = (value: string) => ({ value, label: isoWords(value) });

/** How often a rule is checked, over how much time, and how many checks it takes. */
export function Timing({ draft, onChange, errorOf }: Props) {
  const dynamic = draft.criteria.some((c) => c.dynamic);
  const log = draft.kind === 'log';
  const least = parseISO(draft.frequency) ?? 0;
  const often = frequencies.filter((f) => !dynamic || (parseISO(f) ?? 0) >= 300_000);
  const long = windows.filter((w) => (parseISO(w) ?? 0) >= least && (!dynamic || ((parseISO(w) ?? 0) >= 300_000 && (parseISO(w) ?? 0) <= 3_600_000)));
  const setFrequency = (frequency: string) => onChange({ frequency, ...((parseISO(draft.window) ?? 0) < (parseISO(frequency) ?? 0) ? { window: frequency } : {}) });
  return (
    <>
      <Group gap="sm" align="flex-start">
        {log ? (
          <>
            <Autocomplete label="Window" w={140} description={isoWords(draft.window)} data={['PT5M', 'PT15M', 'PT30M', 'PT1H', 'PT6H', 'P1D']} value={draft.window} onChange={(window) => onChange({ window })} error={errorOf('windowSize')} />
            <Autocomplete label="Checked every" w={140} description={isoWords(draft.frequency)} data={['PT1M', 'PT5M', 'PT15M', 'PT30M', 'PT1H', 'PT6H']} value={draft.frequency} onChange={(frequency) => onChange({ frequency })} error={errorOf('evaluationFrequency')} />
          </>
        ) : (
          <>
            <Select label="Window" w={140} data={[...new Set([...long, draft.window])].map(option)} value={draft.window} onChange={(v) => onChange({ window: v ?? draft.window })} allowDeselect={false} error={errorOf('windowSize')} />
            <Select label="Checked every" w={140} data={[...new Set([...often, draft.frequency])].map(option)} value={draft.frequency} onChange={(v) => setFrequency(v ?? draft.frequency)} allowDeselect={false} error={errorOf('evaluationFrequency')} />
          </>
        )}
      </Group>
      <Group gap={6} align="flex-end" role="group" aria-label="How many checks">
        <NumberInput label="Fires when in" w={110} min={1} max={draft.periods} value={draft.failing} onChange={(v) => onChange({ failing: Number(v) || 1 })} />
        <Text size="sm" pb={8}>
          of the last
        </Text>
        <NumberInput aria-label="Checks looked at" w={90} min={1} max={24} value={draft.periods} onChange={(v) => onChange({ periods: Number(v) || 1, failing: Math.min(draft.failing, Number(v) || 1) })} />
        <Text size="sm" pb={8}>
          {draft.periods === 1 ? 'check' : 'checks'} it holds
        </Text>
      </Group>
    </>
  );
}
