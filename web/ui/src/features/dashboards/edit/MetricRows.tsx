import { ActionIcon, Group, Select, Stack, Text } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import type { MetricDefinition } from '@/api/types';
import type { MetricLine } from '@/lib/chartspec';

interface Props {
  value: readonly MetricLine[];
  definitions: readonly MetricDefinition[];
  onChange: (metrics: MetricLine[]) => void;
}

const most = 20;

/** The metrics of a chart, each with how it is aggregated. */
export function MetricRows({ value, definitions, onChange }: Props) {
  const lines = value.length === 0 ? [{ name: '', aggregation: '' }] : value;
  const options = [...new Map(definitions.map((d) => [d.name, { value: d.name, label: d.display_name === d.name ? d.name : `${d.display_name} (${d.name})` }])).values()];
  const put = (at: number, line: MetricLine) => onChange(lines.map((m, i) => (i === at ? line : m)).filter((m) => m.name !== ''));
  return (
    <Stack gap={6} role="group" aria-label="Metrics">
      <Text size="sm" fw={500}>
        Metrics
      </Text>
      {lines.map((line, i) => {
        const definition = definitions.find((d) => d.name === line.name);
        return (
          <div key={`${i} ${line.name}`}>
            <Group gap={6} wrap="nowrap">
              <Select
                flex={1}
                aria-label={`Metric ${i + 1}`}
                placeholder="Choose a metric"
                searchable
                limit={200}
                nothingFoundMessage="No metric is called so"
                data={line.name !== '' && definition === undefined ? [...options, { value: line.name, label: line.name }] : options}
                value={line.name === '' ? null : line.name}
                onChange={(name) => put(i, { name: name ?? '', aggregation: '' })}
              />
              <Select w={130} aria-label={`Aggregation ${i + 1}`} placeholder={definition?.primary_aggregation ?? 'usual'} clearable data={definition?.aggregations ?? []} value={line.aggregation === '' ? null : line.aggregation} onChange={(aggregation) => put(i, { name: line.name, aggregation: aggregation ?? '' })} />
              <ActionIcon variant="default" size={34} aria-label={`Remove metric ${i + 1}`} disabled={value.length === 0} onClick={() => onChange(value.filter((_, k) => k !== i))}>
                <IconX size={14} />
              </ActionIcon>
            </Group>
            {definition !== undefined && (
              <Text size="xs" c="dimmed" lineClamp={2}>
                {definition.description}
              </Text>
            )}
          </div>
        );
      })}
      {value.length > 0 && value.length < most && <AddMetric options={options} onAdd={(name) => onChange([...value, { name, aggregation: '' }])} />}
    </Stack>
  );
}

function AddMetric({ options, onAdd }: { options: { value: string; label: string }[]; onAdd: (name: string) => void }) {
  return <Select aria-label="Another metric" placeholder="Another metric" leftSection={<IconPlus size={14} aria-hidden />} searchable limit={200} nothingFoundMessage="No metric is called so" data={options} value={null} onChange={(name) => name !== null && onAdd(name)} />;
}
