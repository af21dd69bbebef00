import { ActionIcon, Button, Group, NativeSelect, Skeleton, Stack } from '@mantine/core';
import { IconPlayerPlay, IconPlus, IconX } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';

const PromEditor = lazy(() => import('@/panels/prom/PromEditor'));

interface Props {
  queries: readonly string[];
  unit: string;
  onChange: (queries: string[]) => void;
  onUnit: (unit: string) => void;
}

const units = ['Milliseconds', 'Seconds', 'Count', 'CountPerSecond', 'CountPerMinute', 'Percent', 'Ratio', 'Bytes', 'BytesPerSecond', 'Celsius', 'Hertz', 'Watts', 'Joules'];
const most = 8;

/** The expressions of a chart. They are asked with Enter or the button. */
export function PromQueries({ queries, unit, onChange, onUnit }: Props) {
  const [drafts, setDrafts] = useState<readonly string[]>(queries);
  const [known, setKnown] = useState(queries);
  // The URL may have changed meanwhile.
  if (known.join('\n') !== queries.join('\n')) {
    setKnown(queries);
    setDrafts(queries);
  }
  const edit = (at: number, text: string) => setDrafts(drafts.map((d, i) => (i === at ? text : d)));
  return (
    <Stack gap={6}>
      {drafts.map((draft, i) => (
        <Group key={i} gap={6} wrap="nowrap" align="flex-start">
          <Suspense fallback={<Skeleton height={34} role="status" aria-label="The editor is loading" />}>
            <PromEditor label={`Expression ${i + 1}`} value={draft} onChange={(text) => edit(i, text)} onRun={(text) => onChange(drafts.map((d, at) => (at === i ? text : d)))} />
          </Suspense>
          {drafts.length > 1 && (
            <ActionIcon variant="default" size={34} aria-label={`Remove expression ${i + 1}`} onClick={() => onChange(drafts.filter((_, at) => at !== i))}>
              <IconX size={14} />
            </ActionIcon>
          )}
        </Group>
      ))}
      <Group gap={6}>
        <Button size="xs" leftSection={<IconPlayerPlay size={14} aria-hidden />} onClick={() => onChange([...drafts])}>
          Run
        </Button>
        <Button size="xs" variant="default" leftSection={<IconPlus size={14} aria-hidden />} disabled={drafts.length >= most} onClick={() => setDrafts([...drafts, ''])}>
          Expression
        </Button>
        <NativeSelect size="xs" aria-label="Unit of the values" data={[{ value: '', label: 'no unit' }, ...units.map((u) => ({ value: u, label: u }))]} value={unit} onChange={(e) => onUnit(e.currentTarget.value)} />
      </Group>
    </Stack>
  );
}
