import { Group, NumberInput, SegmentedControl, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useDefinitions } from '@/api/hooks';
import { drawKinds, type ChartSpec } from '@/lib/chartspec';
import type { Variable } from '@/lib/dashboard';
import { parseLength } from '@/lib/time';
import { MetricRows } from './MetricRows';
import { PromQLFields } from './PromQLFields';
import { ScopesField } from './ScopesField';

interface Props {
  spec: ChartSpec;
  variables: readonly Variable[];
  onChange: (spec: ChartSpec) => void;
}

const drawings: Record<ChartSpec['kind'], string> = { line: 'Lines', area: 'Areas', stack: 'Stacked areas', bar: 'Bars', scatter: 'Points', heat: 'Heat map', distribution: 'Distribution', grid: 'A small chart for each' };

/** What a chart asks and how it is drawn. */
export function ChartFields({ spec, variables, onChange }: Props) {
  const definitions = useDefinitions();
  const [written, setWritten] = useState(spec.promql.length > 0);
  const change = (part: Partial<ChartSpec>) => onChange({ ...spec, ...part });
  const chosen = spec.metrics.map((m) => definitions.data?.find((d) => d.name === m.name));
  const dimensions = [...new Set(chosen.flatMap((d) => d?.dimensions ?? []))].filter((name) => chosen.every((d) => d?.dimensions.includes(name) === true));
  return (
    <>
      <SegmentedControl
        size="xs"
        aria-label="Asked in"
        style={{ alignSelf: 'flex-start' }}
        value={written ? 'promql' : 'metrics'}
        onChange={(v) => {
          setWritten(v === 'promql');
          change({ promql: v === 'promql' ? [''] : [] });
        }}
        data={[
          { value: 'metrics', label: 'Metrics' },
          { value: 'promql', label: 'PromQL' },
        ]}
      />
      {written ? (
        <PromQLFields promql={spec.promql} unit={spec.unit} onChange={change} />
      ) : (
        <Stack gap="sm">
          <ScopesField value={spec.scopes} variables={variables} description="What it is about; * for each one of a level" onChange={(scopes) => change({ scopes })} />
          <MetricRows value={spec.metrics} definitions={definitions.data ?? []} onChange={(metrics) => change({ metrics })} />
          <TextInput label="Filter" description="Such as statusCodeClass eq '5xx'" value={spec.filter} onChange={(e) => change({ filter: e.currentTarget.value })} />
          <Group gap="sm" align="flex-start">
            <TagsInput label="Split by" flex={1} miw={180} data={dimensions} value={spec.split} onChange={(split) => change({ split })} maxTags={10} />
            <NumberInput label="Series to keep" w={130} min={0} allowDecimal={false} value={spec.top === 0 ? '' : spec.top} placeholder="all" onChange={(v) => change({ top: typeof v === 'number' ? v : 0 })} />
          </Group>
        </Stack>
      )}
      <Group gap="sm" align="flex-start">
        <Select label="Drawn as" flex={1} miw={160} allowDeselect={false} data={drawKinds.filter((k) => !written || k !== 'distribution').map((k) => ({ value: k, label: drawings[k] }))} value={spec.kind} onChange={(kind) => change({ kind: drawKinds.find((k) => k === kind) ?? 'line' })} />
        <TextInput label="Window" w={130} placeholder="fits the time" value={spec.interval} onChange={(e) => change({ interval: e.currentTarget.value.trim() })} error={spec.interval !== '' && parseLength(spec.interval) === undefined ? 'such as 5m' : undefined} />
      </Group>
    </>
  );
}
