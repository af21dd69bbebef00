import { Group, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core';
import { useViewportSize } from '@mantine/hooks';
import { useDeferredValue, useMemo, useState } from 'react';
import { useNavigate } from 'react-router';
import type { Cell, LogColumn, LogRender, LogTable } from '@/components/logs/answer';
import { filterIndices, sortIndices } from '@/components/logs/arrange';
import { isTime } from '@/components/logs/cells';
import { expandColumn, usualColumns } from '@/components/logs/columns';
import { Grid } from '@/components/logs/grid/Grid';
import { chartKinds, chartNamed, type ChartName } from '@/components/logs/render/chartkinds';
import { LogChart } from '@/components/logs/render/LogChart';
import { RowDrawer } from '@/components/logs/RowDrawer';
import { Empty } from '@/components/Panel';
import { PinButton } from '@/panels/pin/PinButton';
import { usePageView } from '@/view/view';
import { ColumnsMenu } from './ColumnsMenu';
import { Downloads } from './Downloads';
import { pinnedOf } from './pinned';
import type { Asked } from './queries';
import { RowLinks } from './RowLinks';
import type { LogsView } from './view';

interface Props {
  table: LogTable;
  render: LogRender | undefined;
  asked: Asked;
  view: LogsView;
  onChange: (part: Partial<LogsView>) => void;
  utc: boolean;
  hintOf: (column: string) => string | undefined;
  onNarrow: (column: LogColumn, cell: Cell, keep: boolean) => void;
}

/** One table of an answer as rows, or as a chart. */
export function ResultTable({ table: given, render, asked, view, onChange, utc, hintOf, onNarrow }: Props) {
  const { height } = useViewportSize();
  const { zoom } = usePageView();
  const navigate = useNavigate();
  const [open, setOpen] = useState<number | undefined>();
  // What is typed shows at once; the rows follow when there is time.
  const [filters, setFilters] = useState(view.filters);
  const [find, setFind] = useState(view.find);
  const [laterFilters, laterFind] = [useDeferredValue(filters), useDeferredValue(find)];
  // Of many rows none of this is done anew because something else in the URL changed.
  const [expanded, sort] = [useSame(view.expanded), useSame(view.sort)];
  const table = useMemo(() => expanded.reduce(expandColumn, given), [given, expanded]);
  const columns = useMemo(() => view.columns ?? usualColumns(table), [view.columns, table]);
  const matching = useMemo(() => filterIndices(table, laterFilters, laterFind, utc), [table, laterFilters, laterFind, utc]);
  const rows = useMemo(() => sortIndices(table, matching, sort), [table, matching, sort]);
  const wanted = render === undefined ? undefined : chartNamed(render.visualization);
  const shown = view.shown ?? (wanted === undefined ? 'rows' : 'chart');
  const chart = chartNamed(view.chart) ?? wanted ?? usualChart(table);
  const row = open === undefined ? undefined : table.rows[rows[open] ?? -1];

  const pinned = pinnedOf(asked.question.query, asked.question.scope, render?.title, wanted === undefined && shown === 'chart' ? chart : undefined);

  const filter = (column: string, text: string) => {
    const next = { ...filters, [column]: text };
    setFilters(next);
    onChange({ filters: next });
  };

  return (
    <Stack gap="xs">
      <Group gap="xs" justify="space-between">
        <Group gap="xs">
          <SegmentedControl
            size="xs"
            aria-label="Show as"
            data={[
              { value: 'rows', label: 'Rows' },
              { value: 'chart', label: 'Chart' },
            ]}
            value={shown}
            onChange={(value) => onChange({ shown: value === 'chart' ? 'chart' : 'rows' })}
          />
          {shown === 'chart' && <Select size="xs" w={170} aria-label="Kind of chart" data={chartKinds} value={chart} allowDeselect={false} onChange={(value) => onChange({ chart: value === wanted ? '' : (value ?? '') })} />}
          {render !== undefined && wanted === undefined && render.visualization !== 'table' && (
            <Text size="xs" c="dimmed">
              A {render.visualization} is not drawn here.
            </Text>
          )}
          {shown === 'rows' && (
            <>
              <TextInput
                size="xs"
                w={200}
                aria-label="Find in the rows"
                placeholder="Find in the rows"
                value={find}
                onChange={(e) => {
                  setFind(e.currentTarget.value);
                  onChange({ find: e.currentTarget.value });
                }}
              />
              <ColumnsMenu table={table} shown={columns} chosen={view.columns !== undefined} onChange={(chosen) => onChange({ columns: chosen })} />
              {rows.length !== table.rows.length && (
                <Text size="xs" c="dimmed" role="status">
                  {rows.length.toLocaleString('en-US')} of {table.rows.length.toLocaleString('en-US')} rows
                </Text>
              )}
            </>
          )}
        </Group>
        <Group gap={4}>
          <PinButton pinned={pinned} />
          <Downloads question={asked.question} table={table} rows={rows} columns={columns} />
        </Group>
      </Group>
      {table.rows.length === 0 ? (
        <Empty height={120}>No row matches in this time. Widen the time, choose another scope, or loosen the conditions.</Empty>
      ) : shown === 'chart' ? (
        <LogChart label="Chart of the rows" table={table} chart={chart} render={render} span={asked.span} utc={utc} query={asked.question.query} onZoom={view.bound ? zoom : undefined} onReset={view.bound ? () => void navigate(-1) : undefined} />
      ) : (
        <Grid
          label="Rows"
          table={table}
          rows={rows}
          columns={columns}
          utc={utc}
          sort={view.sort}
          onSort={(sort) => onChange({ sort })}
          filters={filters}
          onFilter={filter}
          onHide={(column) => onChange({ columns: columns.filter((c) => c !== column) })}
          onExpand={(column) => onChange({ expanded: view.expanded.includes(column) ? view.expanded.filter((c) => c !== column) : [...view.expanded, column] })}
          expanded={view.expanded}
          hintOf={hintOf}
          onOpen={setOpen}
          height={Math.max(240, Math.min(56 + rows.length * 26 + 18, height - 180))}
        />
      )}
      <RowDrawer
        table={table}
        row={row}
        title={open === undefined ? '' : `Row ${(open + 1).toLocaleString('en-US')} of ${rows.length.toLocaleString('en-US')}`}
        utc={utc}
        onClose={() => setOpen(undefined)}
        onPrevious={open === undefined || open === 0 ? undefined : () => setOpen(open - 1)}
        onNext={open === undefined || open >= rows.length - 1 ? undefined : () => setOpen(open + 1)}
        hintOf={hintOf}
        onNarrow={(column, cell, keep) => {
          setOpen(undefined);
          onNarrow(column, cell, keep);
        }}
        links={row === undefined ? undefined : <RowLinks table={table} row={row} onFollow={() => setOpen(undefined)} />}
      />
    </Stack>
  );
}

/** A value that is the same as before where it says the same. */
function useSame<T>(value: T): T {
  const [kept, setKept] = useState(value);
  if (kept === value || JSON.stringify(kept) === JSON.stringify(value)) return kept;
  setKept(value);
  return value;
}

/** What rows without a render are drawn as: over time if there is one. */
function usualChart(table: LogTable): ChartName {
  return table.columns.some(isTime) ? 'timechart' : 'columnchart';
}
