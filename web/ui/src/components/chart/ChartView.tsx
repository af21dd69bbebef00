import { SimpleGrid, Stack, Text } from '@mantine/core';
import type { DrawKind } from '@/lib/chartspec';
import type { Span } from '@/lib/time';
import { Chart } from './Chart';
import classes from './Chart.module.css';
import { short, type HeatRow } from './heat';
import { HeatMap } from './HeatMap';
import { extentOf, unitsOf, type Band, type ChartData, type Mark, type Threshold } from './model';

export interface ChartViewProps {
  label: string;
  kind: Exclude<DrawKind, 'distribution'>;
  data: ChartData;
  utc: boolean;
  height: number;
  marks?: readonly Mark[] | undefined;
  thresholds?: readonly Threshold[] | undefined;
  band?: Band | undefined;
  syncKey?: string | undefined;
  onZoom?: ((span: Span) => void) | undefined;
  onReset?: (() => void) | undefined;
}

const mostSmall = 60;

/** The data of a chart, drawn in one of its kinds. More than two units need more than one plot. */
export function ChartView({ label, kind, data, ...rest }: ChartViewProps) {
  const units = unitsOf(data.series, data.unit);
  const of = (some: readonly string[]): ChartData => ({ ...data, unit: some[0] ?? data.unit, series: data.series.filter((s) => some.includes(s.unit ?? data.unit)) });
  if (kind === 'grid') return <Small label={label} data={data} {...rest} />;
  if (kind === 'heat') {
    return (
      <Stack gap="sm">
        {units.map((unit) => {
          const part = of([unit]);
          return <HeatMap key={unit} {...rest} label={label} times={part.times} interval={part.interval} span={part.span} partialFrom={part.partialFrom} rows={marked(part.series)} unit={unit} />;
        })}
      </Stack>
    );
  }
  const pairs = units.filter((_, i) => i % 2 === 0).map((unit, i) => [unit, units[2 * i + 1]].filter((u) => u !== undefined));
  return (
    <Stack gap="sm">
      {pairs.map((pair) => (
        <Chart key={pair[0]} label={label} kind={kind} {...of(pair)} {...rest} />
      ))}
    </Stack>
  );
}

/** The rows of series; the axis has only the last part of scopes, if that tells them apart. */
function marked(series: ChartData['series']): HeatRow[] {
  const marks = series.map((s) => s.label.split('/').at(-1) ?? s.label);
  return new Set(marks).size < marks.length ? [...series] : series.map((s, i) => ({ ...s, mark: short(marks[i] ?? '') }));
}

/** A small chart for each series, all to the same scale. */
function Small({ label, data, height, ...rest }: Omit<ChartViewProps, 'kind'>) {
  const units = unitsOf(data.series, data.unit);
  const extents = new Map(units.map((unit) => [unit, extentOf(data.series.filter((s) => (s.unit ?? data.unit) === unit))]));
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3, xl: 4 }} spacing="sm" verticalSpacing="xs">
        {data.series.slice(0, mostSmall).map((s) => {
          const unit = s.unit ?? data.unit;
          return (
            <div key={s.key}>
              <Text size="xs" fw={600} truncate title={s.label} data-png>
                {s.label}
              </Text>
              <Chart {...data} {...rest} label={`${label}: ${s.label}`} series={[s]} unit={unit} kind="area" extent={extents.get(unit)} height={Math.max(90, Math.round(height / 2))} legend={false} />
            </div>
          );
        })}
      </SimpleGrid>
      {data.series.length > mostSmall && (
        <div className={classes.more}>
          Showing {mostSmall} of {data.series.length} series
        </div>
      )}
    </>
  );
}
