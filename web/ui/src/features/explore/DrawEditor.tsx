import { NativeSelect } from '@mantine/core';
import type { ChartSpec, DrawKind } from '@/lib/chartspec';

const kinds: { value: DrawKind; label: string }[] = [
  { value: 'line', label: 'Lines' },
  { value: 'area', label: 'Areas' },
  { value: 'stack', label: 'Stacked areas' },
  { value: 'bar', label: 'Stacked bars' },
  { value: 'scatter', label: 'Points' },
  { value: 'heat', label: 'Heat map of series' },
  { value: 'distribution', label: 'Heat map of the distribution' },
  { value: 'grid', label: 'Grid of small charts' },
];

const intervals = ['10s', '30s', '1m', '5m', '15m', '30m', '1h', '6h', '12h', '1d'];

interface Props {
  spec: ChartSpec;
  /** Whether its metric is made from histograms, so that there is a distribution to see. */
  distributed: boolean;
  onChange: (part: Partial<ChartSpec>) => void;
}

/** How a chart is drawn, and how fine. */
export function DrawEditor({ spec, distributed, onChange }: Props) {
  return (
    <>
      <NativeSelect
        size="xs"
        aria-label="Kind of chart"
        data={kinds.filter((k) => k.value !== 'distribution' || distributed || spec.kind === 'distribution')}
        value={spec.kind}
        onChange={(e) => onChange({ kind: kinds.find((k) => k.value === e.currentTarget.value)?.value ?? 'line' })}
      />
      <NativeSelect
        size="xs"
        aria-label="Granularity"
        data={[{ value: '', label: 'automatic windows' }, ...[...intervals, ...(spec.interval === '' || intervals.includes(spec.interval) ? [] : [spec.interval])].map((i) => ({ value: i, label: `windows of ${i}` }))]}
        value={spec.interval}
        onChange={(e) => onChange({ interval: e.currentTarget.value })}
      />
    </>
  );
}
