import { Group, Select, Stack, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Chart } from '@/components/chart/Chart';
import type { ChartSeries, Mark } from '@/components/chart/model';
import { coloursFor } from '@/lib/palette';
import { formatValue, type Unit } from '@/lib/units';
import type { Span } from '@/lib/time';
import type { CriterionView } from './previewModel';

interface Props {
  view: CriterionView;
  label: string;
  unit: Unit;
  /** Length of the window that a check looks at, in milliseconds. */
  window: number;
  span: Span;
  utc: boolean;
  marks: readonly Mark[];
  height?: number;
  legend?: boolean;
  /** How many series there are, where only some were asked for. */
  total?: number | undefined;
  onZoom?: ((span: Span) => void) | undefined;
  onReset?: (() => void) | undefined;
}

/** What a criterion saw at its checks, with the threshold, or the band of one series. */
export function PreviewChart({ view, label, unit, window, span, utc, marks, height = 240, legend = true, total, onZoom, onReset }: Props) {
  const [chosen, setChosen] = useState<string | null>(null);
  const learned = view.fixed === null;
  const banded = view.series.find((s) => s.key === chosen) ?? view.series[0];
  const shown = useMemo(() => (learned && banded !== undefined ? [banded] : view.series), [learned, banded, view.series]);
  const colours = coloursFor(view.series.map((s) => s.label));
  const series: ChartSeries[] = shown.map((s) => ({ key: s.key, label: s.label, values: s.values, colour: colours[view.series.indexOf(s)] ?? { light: '#56606b', dark: '#a9b4c0' } }));
  const times = useMemo(() => view.times.map((t) => t - window), [view.times, window]);
  const band = useMemo(() => (learned && banded !== undefined ? { lower: banded.lower, upper: banded.upper } : undefined), [learned, banded]);
  const thresholds = useMemo(() => (view.fixed ?? []).map((value) => ({ value, label: formatValue(value, unit) })), [view.fixed, unit]);
  const unlearned = learned && banded !== undefined && [banded.lower, banded.upper].every((side) => side === null || side.every((v) => v === null));
  return (
    <Stack gap={4}>
      <Group gap="xs" justify="space-between">
        {learned && view.series.length > 1 && (
          <Select size="xs" w={260} aria-label="Band of" searchable data={view.series.map((s) => ({ value: s.key, label: s.fired > 0 ? `${s.label} (fired ${s.fired} ×)` : s.label }))} value={banded?.key ?? null} onChange={setChosen} allowDeselect={false} />
        )}
        {total !== undefined && (
          <Text size="xs" c="dimmed">
            {learned ? 'To choose from are' : 'Showing'} {view.series.length} of {total} series: those that fired, then the greatest
          </Text>
        )}
      </Group>
      {unlearned && (
        <Text size="xs" c="dimmed">
          No band yet: it is learned from three days of data and 30 samples. Until then nothing fires.
        </Text>
      )}
      <Chart label={label} times={times} interval={window} series={series} unit={unit} span={span} utc={utc} marks={marks} thresholds={thresholds} band={band} standsAt="end" height={height} syncKey={label} legend={legend} onZoom={onZoom} onReset={onReset} />
    </Stack>
  );
}
