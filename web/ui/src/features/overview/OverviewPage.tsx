import { Anchor, Checkbox, Code, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMemo } from 'react';
import { useFiredAlerts, useMetrics, useScopes } from '@/api/hooks';
import { DataTable, type Column } from '@/components/DataTable';
import { Figure } from '@/components/Figure';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { Sparkline } from '@/components/Sparkline';
import { Status } from '@/components/Status';
import { scopePath } from '@/lib/scope';
import { Ago } from '@/view/Ago';
import { useParamState, useSort } from '@/view/params';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { badness, endpointRows, filterRows, type EndpointRow } from './rows';

const metrics = ['RequestsPerMinute', 'ErrorRatio', 'RequestLatency_P99', 'GpuUtilizationPercentage', 'CpuUtilizationPercentage'];

const figures: Column<EndpointRow>[] = [
  {
    key: 'name',
    label: 'Endpoint',
    value: (r) => r.name,
    render: (r) => (
      <>
        <Anchor component={ViewLink} to={scopePath(r.scope.scope)} fw={600}>
          {r.name}
        </Anchor>
        <Text size="xs" c="dimmed">
          {count(r.scope.ready + r.scope.missing, 'instance')}
          {r.scope.gpus > 0 && `, ${count(r.scope.gpus, 'GPU')}`}
        </Text>
      </>
    ),
  },
  { key: 'state', label: 'State', hint: 'Worst: open alerts by severity, then missing instances, then errors', value: badness, render: (r) => <State row={r} /> },
  { key: 'requests', label: 'Requests', hint: 'Requests per minute, over the whole time', numeric: true, value: (r) => r.requests, render: (r) => <Figure value={r.requests} before={r.before.requests} unit="CountPerMinute" /> },
  { key: 'errors', label: 'Errors', hint: 'Share of requests that failed', numeric: true, value: (r) => r.errors, render: (r) => <Figure value={r.errors} before={r.before.errors} unit="Ratio" /> },
  { key: 'p99', label: 'P99', hint: '99 of 100 requests took less than this', numeric: true, value: (r) => r.p99, render: (r) => <Figure value={r.p99} before={r.before.p99} unit="Milliseconds" /> },
  { key: 'gpu', label: 'GPU', hint: 'Mean use of its GPUs', numeric: true, value: (r) => r.gpu, render: (r) => <Figure value={r.gpu} unit="Percent" /> },
  { key: 'cpu', label: 'CPU', hint: 'Mean use of its CPUs', numeric: true, value: (r) => r.cpu, render: (r) => <Figure value={r.cpu} unit="Percent" /> },
  { key: 'traffic', label: 'Traffic', quiet: true, render: (r) => <Sparkline values={r.trend} label={`Requests of ${r.name} over time`} /> },
];

/** All endpoints: which is in trouble, and how much each has to do. */
export function Component() {
  const { view } = usePageView();
  const { params, set } = useParamState();
  const [sort, setSort] = useSort({ key: 'state', descending: true });
  const scopes = useScopes(view);
  const alerts = useFiredAlerts(view);
  const some = (scopes.data?.length ?? 0) > 0;
  const totals = useMetrics({ scope: '*', metric: metrics, interval: 'full', compare: view.compare || 'previous' }, view, some);
  const trends = useMetrics({ scope: '*', metric: 'RequestsPerMinute' }, { ...view, compare: '' }, some);
  const rows = useMemo(() => endpointRows(scopes.data ?? [], totals.data, trends.data, alerts.data ?? []), [scopes.data, totals.data, trends.data, alerts.data]);
  const find = params.get('find') ?? '';
  const shown = filterRows(rows, find);
  const chosen = params.getAll('with');
  const columns: Column<EndpointRow>[] = [
    {
      key: 'with',
      label: 'compare',
      quiet: true,
      render: (r) => <Checkbox size="xs" aria-label={`Compare ${r.name}`} checked={chosen.includes(r.name)} onChange={(e) => set({ with: e.currentTarget.checked ? [...chosen, r.name] : chosen.filter((n) => n !== r.name) })} />,
    },
    ...figures,
  ];

  return (
    <>
      <PageHead title="Overview" />
      <Panel asked={{ ...scopes, error: scopes.error ?? totals.error }} isEmpty={(list) => list.length === 0} height={240} empty={<NothingYet />}>
        {() => (
          <Stack gap="xs">
            <Group gap="xs">
              <TextInput size="xs" w={240} aria-label="Find endpoints" placeholder="Find endpoint, deployment, instance" value={find} onChange={(e) => set({ find: e.currentTarget.value })} />
              <Text size="xs" c="dimmed">
                {shown.length === rows.length ? count(rows.length, 'endpoint') : `${shown.length} of ${count(rows.length, 'endpoint')}`}
              </Text>
            </Group>
            {shown.length === 0 ? (
              <Text size="sm">No endpoint, deployment or instance has “{find}” in its name.</Text>
            ) : (
              <DataTable label="Endpoints" columns={columns} rows={shown} rowKey={(r) => r.name} sort={sort} onSort={setSort} />
            )}
          </Stack>
        )}
      </Panel>
    </>
  );
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;

function State({ row }: { row: EndpointRow }) {
  if (row.alerts > 0) return <Status kind={(row.severity ?? 4) <= 1 ? 'critical' : 'warning'}>{count(row.alerts, 'alert')}</Status>;
  if (row.scope.ready === 0) {
    return (
      <Status kind="none">
        silent, last seen <Ago at={Date.parse(row.scope.last_sample)} />
      </Status>
    );
  }
  return row.scope.missing > 0 ? <Status kind="warning">{`${row.scope.missing} missing`}</Status> : <Status kind="ok">ready</Status>;
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
