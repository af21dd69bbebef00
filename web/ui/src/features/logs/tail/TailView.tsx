import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue, useViewportSize } from '@mantine/hooks';
import { IconArrowUp, IconPlayerPauseFilled, IconPlayerPlayFilled, IconTrash } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { filterIndices } from '@/components/logs/arrange';
import { usualColumns } from '@/components/logs/columns';
import { Grid } from '@/components/logs/grid/Grid';
import { RowDrawer } from '@/components/logs/RowDrawer';
import { Empty, ProblemBox } from '@/components/Panel';
import { useLogsSchema } from '@/panels/useLogsSchema';
import { useParamState } from '@/view/params';
import { usePageView } from '@/view/view';
import { ColumnsMenu } from '../ColumnsMenu';
import { RowLinks } from '../RowLinks';
import { ScopeSelect } from '../ScopeSelect';
import { mostRows } from './buffer';
import { TailGaps, TailStatus } from './TailStatus';
import { useTail } from './useTail';

const usualTable = 'AmlOnlineEndpointConsoleLog';

/** The columns that a table is followed by; others can be chosen. */
const followed: Record<string, string[]> = {
  AmlOnlineEndpointTrafficLog: ['TimeGenerated', 'InstanceId', 'Method', 'Path', 'ResponseCode', 'ModelStatusCode', 'TotalDurationMs', 'ResponsePayloadSize', 'UserAgent', 'XRequestId'],
  AmlOnlineEndpointConsoleLog: ['TimeGenerated', 'InstanceId', 'Message'],
  AmlOnlineEndpointEventLog: ['TimeGenerated', 'InstanceId', 'Name', 'Message'],
};

/** Rows as they are stored, newest first. They stand still while somebody reads further down, or looks at one. */
export function TailView() {
  const { view } = usePageView();
  const { params, set } = useParamState();
  const { height } = useViewportSize();
  const schema = useLogsSchema();
  const table = params.get('table') ?? usualTable;
  const scope = params.get('scope') ?? '';
  const condition = params.get('filter') ?? '';
  const [typed, setTyped] = useState(condition);
  const [paused, setPaused] = useState(false);
  const [top, setTop] = useState(true);
  const [open, setOpen] = useState<number | undefined>();
  const [find, setFind] = useState('');
  const [wanted] = useDebouncedValue(find, 200);
  const { buffer, state, waiting, clear } = useTail(table, scope, condition, paused || !top || open !== undefined);
  const shown = useMemo(() => ({ name: table, columns: buffer.columns, rows: buffer.rows }), [table, buffer.columns, buffer.rows]);
  const rows = useMemo(() => filterIndices(shown, {}, wanted, view.utc), [shown, wanted, view.utc]);
  const chosen = params.has('column') ? params.getAll('column') : undefined;
  const columns = chosen ?? followed[table] ?? usualColumns(shown);
  const names = schema.data?.tables.map((t) => t.name).filter((n) => n !== 'AzureMetrics') ?? [table]; // which is computed, so nothing is stored in it
  const row = open === undefined ? undefined : shown.rows[rows[open] ?? -1];

  return (
    <Stack gap="xs">
      <Group gap="xs" align="flex-start">
        <Select size="xs" w={270} aria-label="Table" data={names.includes(table) ? names : [table, ...names]} value={table} allowDeselect={false} onChange={(t) => set({ table: t, column: null })} />
        <ScopeSelect value={scope} onChange={(s) => set({ scope: s })} />
        <form
          style={{ flex: '1 1 280px' }}
          onSubmit={(e) => {
            e.preventDefault();
            set({ filter: typed });
          }}
        >
          <TextInput
            size="xs"
            aria-label="Condition in KQL"
            placeholder={table.endsWith('TrafficLog') ? 'ResponseCode >= 400' : 'Message has "error"'}
            title="A condition in KQL, as it stands after where; Enter applies it"
            value={typed}
            onChange={(e) => setTyped(e.currentTarget.value)}
            error={state.kind === 'refused' ? state.problem.detail : undefined}
            rightSectionWidth={typed === condition ? 0 : 60}
            rightSection={
              typed === condition ? null : (
                <Button size="compact-xs" variant="light" type="submit">
                  Apply
                </Button>
              )
            }
          />
        </form>
      </Group>
      <Group gap="xs" justify="space-between">
        <Group gap="xs">
          <Button size="xs" variant={paused ? 'filled' : 'default'} leftSection={paused ? <IconPlayerPlayFilled size={14} /> : <IconPlayerPauseFilled size={14} />} onClick={() => setPaused(!paused)}>
            {paused ? 'Go on' : 'Pause'}
          </Button>
          <Button size="xs" variant="default" leftSection={<IconTrash size={14} />} onClick={clear}>
            Clear
          </Button>
          <TextInput size="xs" w={180} aria-label="Find in the rows" placeholder="Find in the rows" value={find} onChange={(e) => setFind(e.currentTarget.value)} />
          {buffer.columns.length > 0 && <ColumnsMenu table={shown} shown={columns} chosen={chosen !== undefined} onChange={(c) => set({ column: c === undefined ? null : [...c] })} />}
        </Group>
        <TailStatus state={state} paused={paused} buffer={buffer} waiting={waiting} />
      </Group>
      <TailGaps buffer={buffer} table={table} scope={scope} filter={condition} utc={view.utc} />
      {waiting > 0 && !paused && open === undefined && (
        <Text size="xs" role="status">
          <IconArrowUp size={12} aria-hidden /> {waiting.toLocaleString('en-US')} new rows wait above, until you scroll up.
        </Text>
      )}
      {state.kind === 'refused' && state.problem.place === undefined && <ProblemBox problem={state.problem} />}
      {buffer.rows.length === 0 ? (
        <Empty height={200}>{state.kind === 'live' ? 'Nothing came yet. Rows appear here as they are stored.' : state.kind === 'refused' ? 'Nothing is followed: see the condition above.' : 'Waiting for the server.'}</Empty>
      ) : (
        <>
          <Grid label={`New rows of ${table}`} table={shown} rows={rows} columns={columns} utc={view.utc} onOpen={setOpen} onTop={setTop} height={Math.max(240, height - 230)} />
          <Text size="xs" c="dimmed">
            The last {Math.min(buffer.rows.length, mostRows).toLocaleString('en-US')} rows, newest first{rows.length === buffer.rows.length ? '' : `, of which ${rows.length.toLocaleString('en-US')} have “${wanted}”`}; older ones are found by a query.
          </Text>
        </>
      )}
      <RowDrawer
        table={shown}
        row={row}
        title={open === undefined ? '' : `Row ${(open + 1).toLocaleString('en-US')} of ${rows.length.toLocaleString('en-US')}`}
        utc={view.utc}
        onClose={() => setOpen(undefined)}
        onPrevious={open === undefined || open === 0 ? undefined : () => setOpen(open - 1)}
        onNext={open === undefined || open >= rows.length - 1 ? undefined : () => setOpen(open + 1)}
        links={row === undefined ? undefined : <RowLinks table={shown} row={row} onFollow={() => setOpen(undefined)} />}
      />
    </Stack>
  );
}
