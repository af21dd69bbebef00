import { ActionIcon, Button, Group, NativeSelect } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import type { MetricLine } from '@/lib/chartspec';
import { choiceOf, type Choice } from './definitions';
import { MetricPicker } from './MetricPicker';

interface Props {
  value: readonly MetricLine[];
  choices: readonly Choice[];
  loading: boolean;
  onChange: (metrics: MetricLine[]) => void;
}

const most = 20;

/** The metrics of a chart, each with how it is aggregated. */
export function MetricLines({ value, choices, loading, onChange }: Props) {
  const put = (at: number, line: MetricLine) => onChange(value.map((m, i) => (i === at ? line : m)));
  return (
    <>
      {value.map((line, i) => {
        const choice = choiceOf(choices, line.name);
        const name = choice?.displayName ?? line.name;
        const [primary = ''] = choice?.aggregations ?? [];
        const own = choice?.aggregations.find((a) => a.toLowerCase() === line.aggregation.toLowerCase());
        return (
          <Group key={`${i} ${line.name}`} gap={0} wrap="nowrap" role="group" aria-label={name}>
            <Button.Group>
              <MetricPicker choices={choices} loading={loading} label={`Metric: ${name}`} onChoose={(chosen) => put(i, { name: chosen, aggregation: '' })}>
                {name}
              </MetricPicker>
              <NativeSelect
                size="xs"
                miw={104}
                aria-label={`Aggregation of ${name}`}
                data={choice === undefined ? [line.aggregation] : own === undefined && line.aggregation !== '' ? [line.aggregation, ...choice.aggregations] : choice.aggregations}
                value={own ?? (line.aggregation === '' ? primary : line.aggregation)}
                onChange={(e) => put(i, { name: line.name, aggregation: e.currentTarget.value === primary ? '' : e.currentTarget.value })}
              />
              <ActionIcon variant="default" size={30} aria-label={`Remove ${name}`} onClick={() => onChange(value.filter((_, at) => at !== i))}>
                <IconX size={14} />
              </ActionIcon>
            </Button.Group>
          </Group>
        );
      })}
      {value.length < most && (
        <MetricPicker choices={choices} loading={loading} label="Add a metric" icon={<IconPlus size={14} aria-hidden />} onChoose={(name) => onChange([...value, { name, aggregation: '' }])}>
          {value.length === 0 ? 'Choose a metric' : 'Metric'}
        </MetricPicker>
      )}
    </>
  );
}
