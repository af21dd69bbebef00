import { Anchor, Checkbox, Code, Group, Stack, Table, Text, TextInput, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { useFiredAlerts, useMetrics, useScopes } from '@/api/hooks';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { Sparkline } from '@/components/Sparkline';
import { Status, type StatusKind } from '@/components/Status';
import { scopePath } from '@/lib/scope';
import { formatAgo } from '@/lib/time';
import { formatChange, formatValue, type Unit } from '@/lib/units';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { endpointRows, filterRows, sortRows, type Column, type EndpointRow, type Sort } from './rows';
import classes from './Overview.module.css';

const head: { column: Column; label: string; hint: string; numeric: boolean }[] = [
  { column: 'name', label: 'Endpoint', hint: 'Name of the endpoint', numeric: false },
  { column: 'state', label: 'State', hint: 'Worst first: open alerts by severity, then instances that are missing', numeric: false },
  { column: 'requests', label: 'Requests', hint: 'Requests per minute, over the whole time', numeric: true },
  { column: 'errors', label: 'Errors', hint: 'Share of requests that failed', numeric: true },
  { column: 'p99', label: 'P99', hint: '99 of 100 requests took less than this', numeric: true },
  { column: 'gpu', label: 'GPU', hint: 'Mean use of its GPUs', numeric: true },
  { column: 'cpu', label: 'CPU', hint: 'Mean use of its CPUs', numeric: true },
];

function readSort(params: URLSearchParams): Sort {
  const column = params.get('sort') ?? 'state';
  return { column: head.find((h) => h.column === column)?.column ?? 'state', descending: params.get('order') !== 'asc' };
}

/** All endpoints: which is in trouble, and how much each has to do. */
export function Component() {
  const { view } = usePageView();
  const [params, setParams] = useSearchParams();
  const scopes = useScopes(view);
  const alerts = useFiredAlerts(view);
  const some = (scopes.data?.length ?? 0) > 0;
  const totals = useMetrics(
    { scope: '*', metric: ['RequestsPerMinute', 'ErrorRatio', 'RequestLatency_P99', 'GpuUtilizationPercentage', 'CpuUtilizationPercentage'], interval: 'full', compare: view.compare || 'previous' },
    view,
    some,
  );
  const trends = useMetrics({ scope: '*', metric: 'RequestsPerMinute', compare: '' }, { ...view, compare: '' }, some);
  const sort = readSort(params);
  const filter = params.get('find') ?? '';
  const rows = useMemo(() => endpointRows(scopes.data ?? [], totals.data, trends.data, alerts.data ?? []), [scopes.data, totals.data, trends.data, alerts.data]);
  const shown = sortRows(filterRows(rows, filter), sort);
  const chosen = params.getAll('with');

  const set = (change: (p: URLSearchParams) => void) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        change(next);
        return next;
      },
      { replace: true },
    );

  return (
    <>
      <PageHead title="Overview" />
      <Panel
        asked={{ ...scopes, error: scopes.error ?? totals.error }}
        isEmpty={(list) => list.length === 0}
        height={240}
        empty={<NothingYet />}
      >
        {() => (
          <Stack gap="xs">
            <Group gap="xs">
              <TextInput size="xs" w={240} aria-label="Find endpoints" placeholder="Find endpoint, deployment, instance" value={filter} onChange={(e) => set((p) => (e.currentTarget.value === '' ? p.delete('find') : p.set('find', e.currentTarget.value)))} />
              <Text size="xs" c="dimmed">
                {shown.length === rows.length ? `${rows.length} endpoints` : `${shown.length} of ${rows.length} endpoints`}
              </Text>
            </Group>
            <div className={classes.scroll}>
              <Table verticalSpacing={4} horizontalSpacing="sm" highlightOnHover aria-label="Endpoints">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th w={28}>
                      <span className={classes.hidden}>compare</span>
                    </Table.Th>
                    {head.map((h) => (
                      <Table.Th key={h.column} ta={h.numeric ? 'right' : 'left'} aria-sort={sort.column === h.column ? (sort.descending ? 'descending' : 'ascending') : undefined}>
                        <UnstyledButton
                          fz="sm"
                          fw={600}
                          title={h.hint}
                          onClick={() =>
                            set((p) => {
                              p.set('sort', h.column);
                              if (sort.column === h.column && sort.descending) p.set('order', 'asc');
                              else p.delete('order');
                            })
                          }
                        >
                          {h.label}
                          {sort.column === h.column && (sort.descending ? <IconArrowDown size={12} aria-hidden /> : <IconArrowUp size={12} aria-hidden />)}
                        </UnstyledButton>
                      </Table.Th>
                    ))}
                    <Table.Th>Traffic</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {shown.map((row) => (
                    <Row key={row.name} row={row} chosen={chosen.includes(row.name)} onChoose={(yes) => set((p) => (yes ? p.append('with', row.name) : p.delete('with', row.name)))} />
                  ))}
                </Table.Tbody>
              </Table>
            </div>
            {shown.length === 0 && <Text size="sm">No endpoint, deployment or instance has “{filter}” in its name.</Text>}
          </Stack>
        )}
      </Panel>
    </>
  );
}

function Row({ row, chosen, onChoose }: { row: EndpointRow; chosen: boolean; onChoose: (yes: boolean) => void }) {
  const [kind, word] = stateOf(row);
  return (
    <Table.Tr>
      <Table.Td>
        <Checkbox size="xs" aria-label={`Compare ${row.name}`} checked={chosen} onChange={(e) => onChoose(e.currentTarget.checked)} />
      </Table.Td>
      <Table.Td>
        <Anchor component={ViewLink} to={scopePath(row.scope.scope)} fw={600}>
          {row.name}
        </Anchor>
        <Text size="xs" c="dimmed">
          {row.scope.ready + row.scope.missing} {row.scope.ready + row.scope.missing === 1 ? 'instance' : 'instances'}
          {row.scope.gpus > 0 && `, ${row.scope.gpus} GPUs`}
        </Text>
      </Table.Td>
      <Table.Td>
        <Status kind={kind}>{word}</Status>
      </Table.Td>
      <Figure value={row.requests} before={row.before.requests} unit="CountPerMinute" />
      <Figure value={row.errors} before={row.before.errors} unit="Ratio" />
      <Figure value={row.p99} before={row.before.p99} unit="Milliseconds" />
      <Figure value={row.gpu} unit="Percent" />
      <Figure value={row.cpu} unit="Percent" />
      <Table.Td>
        <Sparkline values={row.trend} label={`Requests of ${row.name} over time`} />
      </Table.Td>
    </Table.Tr>
  );
}

function Figure({ value, before, unit }: { value: number | null; before?: number | null; unit: Unit }) {
  const change = formatChange(value, before);
  return (
    <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
      {formatValue(value, unit)}
      {change !== '' && (
        <Text size="xs" c="dimmed">
          {change}
        </Text>
      )}
    </Table.Td>
  );
}

function stateOf(row: EndpointRow): [StatusKind, string] {
  if (row.alerts > 0) return [(row.severity ?? 4) <= 1 ? 'critical' : 'warning', `${row.alerts} ${row.alerts === 1 ? 'alert' : 'alerts'}`];
  if (row.scope.ready === 0) return ['none', `silent, last seen ${formatAgo(Date.parse(row.scope.last_sample), Date.now())}`];
  if (row.scope.missing > 0) return ['warning', `${row.scope.missing} missing`];
  return ['ok', 'ready'];
}

function NothingYet() {
  return (
    <Stack align="center" gap={4}>
      <Text>No endpoint has sent anything yet.</Text>
      <Text size="sm">
        Run an agent beside a model server: <Code>endscope-agent run --server {window.location.origin} --endpoint my-model --deployment blue</Code>
      </Text>
    </Stack>
  );
}
