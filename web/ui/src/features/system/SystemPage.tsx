import { Anchor, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { DataTable, type Column } from '@/components/DataTable';
import { Figure } from '@/components/Figure';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { Status } from '@/components/Status';
import { scopePath } from '@/lib/scope';
import { Ago } from '@/view/Ago';
import { useSort } from '@/view/params';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import type { Readings } from './exposition';
import { limitedLogQueries, refusals, type Refusal } from './refused';
import { StoragePanel } from './StoragePanel';
import { useAgents, useSeriesByEndpoint, useServerInfo, useServerMetrics, type AgentRow } from './queries';

const figure = (key: 'lag' | 'spool' | 'dropped' | 'lostRows' | 'memory' | 'cpu', label: string, unit: string, hint: string): Column<AgentRow> => ({
  key,
  label,
  hint,
  numeric: true,
  value: (r) => r[key],
  render: (r) => <Figure value={r[key]} unit={unit} />,
});

const agentColumns: Column<AgentRow>[] = [
  {
    key: 'scope',
    label: 'Agent of',
    value: (r) => r.name,
    render: (r) => (
      <Anchor component={ViewLink} to={scopePath(r.scope)}>
        {r.name}
      </Anchor>
    ),
  },
  { key: 'version', label: 'Version', value: (r) => r.version, render: (r) => r.version.slice(0, 12) },
  figure('lag', 'Behind', 'Seconds', 'Age of the oldest data that it has not delivered. It grows while nothing is heard of the agent, and is at most about its interval where it keeps up'),
  figure('spool', 'Waiting', 'Bytes', 'Size of what it has not delivered'),
  figure('dropped', 'Lost samples', 'CountPerMinute', 'Samples that will never reach the server, over the last hour: agent_dropped_samples_total tells the reasons'),
  figure('lostRows', 'Lost log rows', 'CountPerMinute', 'Rows of logs that will never reach the server, over the last hour: endpoint_data_collection_errors_total tells the logs and reasons'),
  figure('memory', 'Memory', 'Bytes', 'Resident memory of the agent'),
  figure('cpu', 'CPU', 'Percent', 'Share of one core'),
];

/** How Endscope itself is: what comes in, what is asked, what is kept, what was refused, and how its agents are. */
export function Component() {
  const { view } = usePageView();
  const [sort, setSort] = useSort({ key: 'lag', descending: true });
  const [refusedSort, setRefusedSort] = useSort({ key: 'count', descending: true }, 'refused');
  const [seriesSort, setSeriesSort] = useSort({ key: 'series', descending: true }, 'series');
  const info = useServerInfo();
  const metrics = useServerMetrics(view);
  const agents = useAgents(view);
  const series = useSeriesByEndpoint(view);
  return (
    <Stack gap="md">
      <PageHead title="System" controls={{ compare: false }} />
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }} spacing="sm">
        <Panel title="Server" asked={info} height={110}>
          {(i) => (
            <Facts>
              <Fact name="Version">{i.version}</Fact>
              <Fact name="Started">{i.started === undefined ? '–' : <Ago at={Date.parse(i.started)} />}</Fact>
              <Fact name="Samples are kept">{i.retention ?? '–'}</Fact>
              {metrics.data !== undefined && <Stores readings={metrics.data} />}
            </Facts>
          )}
        </Panel>
        <Panel title="Coming in" asked={metrics} height={110}>
          {(m) => (
            <Facts>
              <Fact name="Samples">
                <Figure value={m.rate('endscope_ingest_samples_total')} unit="CountPerSecond" />
              </Fact>
              <Fact name="Histograms">
                <Figure value={m.rate('endscope_ingest_histograms_total')} unit="CountPerSecond" />
              </Fact>
              <Fact name="Log rows">
                <Figure value={m.rate('endscope_ingest_log_rows_total')} unit="CountPerSecond" />
              </Fact>
              <Fact name="Turned away as too much">
                <Figure value={m.value('endscope_ingest_busy_requests_total')} unit="Count" />
              </Fact>
            </Facts>
          )}
        </Panel>
        <Panel title="Being asked" asked={metrics} height={110}>
          {(m) => (
            <Facts>
              <Fact name="Requests">
                <Figure value={m.rate('endscope_http_requests_total')} unit="CountPerSecond" />
              </Fact>
              <Fact name="Metric queries running">
                <Figure value={m.value('endscope_query_running')} unit="Count" />
              </Fact>
              <Fact name="waiting for a turn">
                <Figure value={m.value('endscope_query_waiting')} unit="Count" />
              </Fact>
              <Fact name="that met a limit" hint="Since the start">
                <Figure value={m.value('endscope_query_limited_total')} unit="Count" />
              </Fact>
              <Fact name="Log queries running">
                <Figure value={m.value('endscope_log_queries_running')} unit="Count" />
              </Fact>
              <Fact name="that were cut or refused" hint="Since the start: cut at a limit of rows or bytes, those of the query itself among them, or refused as too many ran">
                <Figure value={limitedLogQueries(m)} unit="Count" />
              </Fact>
            </Facts>
          )}
        </Panel>
        <Panel title="Load of the server" asked={metrics} height={110}>
          {(m) => (
            <Facts>
              <Fact name="CPU" hint="Share of one core, since the refresh before">
                <Figure value={percent(m.rate('process_cpu_seconds_total'))} unit="Percent" />
              </Fact>
              <Fact name="Memory">
                <Figure value={m.value('process_resident_memory_bytes')} unit="Bytes" />
              </Fact>
              <Fact name="Series in memory">
                <Figure value={m.value('endscope_ingest_active_series')} unit="Count" />
              </Fact>
              <Fact name="Log batches waiting" hint="Acknowledged and safe, but not in their tables yet">
                <Figure value={m.value('endscope_logs_waiting_batches')} unit="Count" />
              </Fact>
              <Fact name="Agents on live streams">
                <Figure value={m.value('endscope_live_agents')} unit="Count" />
              </Fact>
            </Facts>
          )}
        </Panel>
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm">
        <Panel title="Refused since the start" hint="Senders were told" asked={metrics} isEmpty={(m) => refusals(m).length === 0} empty="Nothing was refused since the server started." height={120}>
          {(m) => <DataTable label="Refused" columns={refusalColumns} rows={refusals(m)} rowKey={(r) => `${r.what} ${r.reason}`} sort={refusedSort} onSort={setRefusedSort} page={20} />}
        </Panel>
        <Panel title="Series by endpoint" hint="Series with a sample in the last five minutes" asked={series} isEmpty={(l) => l.length === 0} empty="No endpoint has sent anything in the last five minutes." height={120}>
          {(list) => <DataTable label="Series by endpoint" columns={seriesColumns} rows={list} rowKey={(r) => r.endpoint} sort={seriesSort} onSort={setSeriesSort} page={20} />}
        </Panel>
      </SimpleGrid>
      <StoragePanel asked={metrics} retention={info.data?.retention} />
      <Panel title="Agents" hint="Those that reported in the last five minutes; silent ones are on the Fleet page" asked={agents} isEmpty={(l) => l.length === 0} empty="No agent has reported in the last five minutes." height={160}>
        {(list) => <DataTable label="Agents" columns={agentColumns} rows={list} rowKey={(r) => r.name} sort={sort} onSort={setSort} />}
      </Panel>
    </Stack>
  );
}

const refusalColumns: Column<Refusal>[] = [
  { key: 'what', label: 'What', value: (r) => r.what, render: (r) => r.what },
  {
    key: 'reason',
    label: 'Why',
    value: (r) => r.reason,
    render: (r) => (
      <>
        {r.reason}
        {r.why !== '' && (
          <Text size="xs" c="dimmed">
            {r.why}
          </Text>
        )}
      </>
    ),
  },
  { key: 'count', label: 'Since the start', numeric: true, value: (r) => r.count, render: (r) => <Figure value={r.count} unit="Count" /> },
  { key: 'now', label: 'Now', hint: 'Per minute, since the refresh before', numeric: true, value: (r) => r.perMinute, render: (r) => <Figure value={r.perMinute} unit="CountPerMinute" /> },
];

const seriesColumns: Column<{ endpoint: string; series: number }>[] = [
  {
    key: 'endpoint',
    label: 'Endpoint',
    value: (r) => r.endpoint,
    render: (r) => (
      <Anchor component={ViewLink} to={scopePath(r.endpoint)}>
        {r.endpoint}
      </Anchor>
    ),
  },
  { key: 'series', label: 'Series', numeric: true, value: (r) => r.series, render: (r) => <Figure value={r.series} unit="Count" /> },
];

function Stores({ readings: m }: { readings: Readings }) {
  const stores = [
    ['Metric store', m.value('endscope_tsdb_ready'), m.value('endscope_tsdb_writable')],
    ['Log store', m.value('endscope_logs_ready'), m.value('endscope_logs_writable')],
  ] as const;
  return stores.map(([name, ready, writable]) => (
    <Fact key={name} name={name}>
      {ready === 1 && writable === 1 ? <Status kind="ok">takes data and answers</Status> : <Status kind="critical">{writable === 1 ? 'takes data, does not answer' : 'takes no data'}</Status>}
    </Fact>
  ));
}

const Facts = ({ children }: { children: ReactNode }) => (
  <Stack gap={2} component="dl" m={0}>
    {children}
  </Stack>
);

const percent = (share: number | null) => (share === null ? null : share * 100);

function Fact({ name, hint, children }: { name: string; hint?: string; children: ReactNode }) {
  return (
    <Group justify="space-between" gap="xs" wrap="nowrap">
      <Text component="dt" size="sm" c="dimmed" title={hint}>
        {name}
      </Text>
      <Text component="dd" size="sm" m={0} ta="right">
        {children}
      </Text>
    </Group>
  );
}
