import { Group, Stack, Text, Title, useComputedColorScheme } from '@mantine/core';
import { useMemo } from 'react';
import type { Span } from '@/lib/time';
import { formatValue } from '@/lib/units';
import { ChartView } from '../../chart/ChartView';
import { Empty } from '../../Panel';
import type { LogRender, LogTable } from '../answer';
import { cellText } from '../cells';
import { Bars } from './Bars';
import type { ChartName } from './chartkinds';
import { Columns } from './Columns';
import { draw, type Drawing } from './model';
import { Pie } from './Pie';
import { Points } from './Points';
import classes from './Render.module.css';

interface Props {
  label: string;
  table: LogTable;
  chart: ChartName;
  /** What the query says of its chart. */
  render: LogRender | undefined;
  /** The time that was asked for. */
  span: Span | undefined;
  utc: boolean;
  /** The text that was asked, which says how wide bins of time are. */
  query?: string | undefined;
  height?: number;
  onZoom?: ((span: Span) => void) | undefined;
  onReset?: (() => void) | undefined;
}

/** The rows of an answer as a chart. */
export function LogChart({ label, table, chart, render, span, utc, query, ...rest }: Props) {
  const { drawing, notes } = useMemo(() => draw(table, chart, render, span, utc, query), [table, chart, render, span, utc, query]);
  return (
    <Stack gap={4}>
      {render?.title != null && (
        <Title order={3} size="sm">
          {render.title}
        </Title>
      )}
      {notes.map((note) => (
        <Text key={note} size="xs" c="dimmed">
          {note}
        </Text>
      ))}
      <Picture label={render?.title ?? label} drawing={drawing} utc={utc} {...rest} />
    </Stack>
  );
}

function Picture({ label, drawing, utc, height = 300, onZoom, onReset }: { label: string; drawing: Drawing; utc: boolean } & Pick<Props, 'height' | 'onZoom' | 'onReset'>) {
  const dark = useComputedColorScheme('light') === 'dark';
  switch (drawing.kind) {
    case 'time':
      return <ChartView label={label} kind={drawing.chart} data={drawing.data} utc={utc} height={height} onZoom={onZoom} onReset={onReset} />;
    case 'columns':
      return <Columns label={label} data={drawing.data} dark={dark} />;
    case 'bars':
      return <Bars label={label} data={drawing.data} dark={dark} />;
    case 'pie':
      return <Pie label={label} data={drawing.data} dark={dark} />;
    case 'points':
      return <Points label={label} data={drawing.data} dark={dark} />;
    case 'card':
      return (
        <Group gap="xl" p="md">
          {drawing.values.map((v) => (
            <div key={v.label}>
              <div className={classes.figure}>{typeof v.cell === 'number' ? formatValue(v.cell, v.unit) : cellText(v.cell, { name: v.label, type: 'string' }, utc)}</div>
              <Text size="sm" c="dimmed">
                {v.label}
              </Text>
            </div>
          ))}
        </Group>
      );
    case 'none':
      return <Empty height={120}>{drawing.why}</Empty>;
  }
}
