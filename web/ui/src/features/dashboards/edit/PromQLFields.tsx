import { ActionIcon, Button, Group, Stack, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import type { ChartSpec } from '@/lib/chartspec';

interface Props {
  promql: readonly string[];
  unit: string;
  onChange: (part: Partial<ChartSpec>) => void;
}

const most = 10;

/** The expressions of a chart in PromQL. */
export function PromQLFields({ promql, unit, onChange }: Props) {
  return (
    <Stack gap="sm">
      {promql.map((query, i) => (
        <Group key={i} gap={6} wrap="nowrap" align="flex-end">
          <Textarea
            flex={1}
            label={promql.length === 1 ? 'Expression' : `Expression ${i + 1}`}
            description={i === 0 ? 'Compare labels with a variable by =~, for it may stand for all: {endpoint=~"$endpoint"}' : undefined}
            autosize
            minRows={2}
            spellCheck={false}
            styles={{ input: { fontFamily: 'monospace', fontSize: 13 } }}
            value={query}
            onChange={(e) => onChange({ promql: promql.map((q, k) => (k === i ? e.currentTarget.value : q)) })}
          />
          {promql.length > 1 && (
            <ActionIcon variant="default" size={34} aria-label={`Remove expression ${i + 1}`} onClick={() => onChange({ promql: promql.filter((_, k) => k !== i) })}>
              <IconX size={14} />
            </ActionIcon>
          )}
        </Group>
      ))}
      <Group gap="sm" align="flex-end">
        <TextInput label="Unit" w={180} placeholder="Count, Bytes, Milliseconds" value={unit} onChange={(e) => onChange({ unit: e.currentTarget.value })} />
        {promql.length < most && (
          <Button size="xs" variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => onChange({ promql: [...promql, ''] })}>
            Expression
          </Button>
        )}
      </Group>
    </Stack>
  );
}
