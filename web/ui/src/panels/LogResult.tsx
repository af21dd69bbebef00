import { Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { GridSort } from '@/components/logs/arrange';
import { sortIndices } from '@/components/logs/arrange';
import { usualColumns } from '@/components/logs/columns';
import { Grid } from '@/components/logs/grid/Grid';
import { chartNamed } from '@/components/logs/render/chartkinds';
import { LogChart } from '@/components/logs/render/LogChart';
import { RowDrawer } from '@/components/logs/RowDrawer';
import { useZoom } from '@/view/zoom';
import type { LogQueryResult } from './useLogQuery';

interface Props {
  title: string;
  query: string;
  result: LogQueryResult;
  /** Rows also where the query asks for a chart. */
  asRows: boolean;
  utc: boolean;
  height: number;
}

/** Pixels that the legend of a chart over time takes of its room. */
const legend = 68;

/** The first table of an answer, as its query wants it drawn. */
export function LogResult({ title, query, result: { answer, span }, asRows, utc, height }: Props) {
  const { zoom, back } = useZoom();
  const [sort, setSort] = useState<GridSort>();
  const [open, setOpen] = useState<number>();
  const [table] = answer.tables;
  const { render } = answer;
  const chart = render === undefined ? undefined : chartNamed(render.visualization);
  const rows = useMemo(() => (table === undefined ? [] : sortIndices(table, table.rows.map((_, i) => i), sort)), [table, sort]);
  if (table === undefined) return null;
  if (chart !== undefined && !asRows) return <LogChart label={title} table={table} chart={chart} render={render} span={span} utc={utc} query={query} height={Math.max(60, height - legend)} onZoom={zoom} onReset={back} />;
  const row = open === undefined ? undefined : table.rows[rows[open] ?? -1];
  return (
    <>
      {render !== undefined && chart === undefined && render.visualization !== 'table' && (
        <Text size="xs" c="dimmed">
          A {render.visualization} is not drawn here.
        </Text>
      )}
      <Grid label={title} table={table} rows={rows} columns={usualColumns(table)} utc={utc} sort={sort} onSort={setSort} onOpen={setOpen} height={Math.max(120, Math.min(56 + rows.length * 26 + 18, height))} />
      <RowDrawer
        table={table}
        row={row}
        title={open === undefined ? '' : `Row ${(open + 1).toLocaleString('en-US')} of ${rows.length.toLocaleString('en-US')}`}
        utc={utc}
        onClose={() => setOpen(undefined)}
        onPrevious={open === undefined || open === 0 ? undefined : () => setOpen(open - 1)}
        onNext={open === undefined || open >= rows.length - 1 ? undefined : () => setOpen(open + 1)}
      />
    </>
  );
}
