import { Anchor, Button, Progress, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { Scope } from '@/api/types';
import { notesOf } from '@/components/chart/answer';
import { DataTable, sortRows, type Column } from '@/components/DataTable';
import { Figure } from '@/components/Figure';
import { Panel } from '@/components/Panel';
import { Sparkline } from '@/components/Sparkline';
import { Status } from '@/components/Status';
import { levelOf, scopePath } from '@/lib/scope';
import { Ago } from '@/view/Ago';
import { useSort } from '@/view/params';
import { ViewLink } from '@/view/ViewLink';
import type { Member, useFamily, useTrends } from './family';
import { nothing, type Summary } from './summary';

interface Row {
  scope: Scope;
  readings: Summary;
  trend: readonly (number | null)[];
  /** P99 as a part of the slowest row's, for its bar. */
  share: number;
  /** The instance that the page is about. */
  own: boolean;
}

const reading = (metric: string) => (c: Row) => c.readings(metric).now;
const figure = (key: string, label: string, metric: string, unit: string, hint: string): Column<Row> => ({
  key,
  label,
  hint,
  numeric: true,
  value: reading(metric),
  render: (c) => <Figure value={c.readings(metric).now} before={c.readings(metric).before} unit={unit} />,
});

const columns: Column<Row>[] = [
  {
    key: 'name',
    label: 'Name',
    value: (c) => c.scope.name,
    render: (c) =>
      c.own ? (
        <Text span size="sm" fw={600} aria-current="page">
          {c.scope.name} (this one)
        </Text>
      ) : (
        <Anchor component={ViewLink} to={scopePath(c.scope.scope)} fw={600}>
          {c.scope.name}
        </Anchor>
      ),
  },
  { key: 'state', label: 'State', value: (c) => c.scope.missing, render: (c) => <State scope={c.scope} /> },
  {
    key: 'p99',
    label: 'P99',
    hint: '99 of 100 requests took less than this',
    numeric: true,
    value: reading('RequestLatency_P99'),
    render: (c) => (
      <>
        <Figure value={c.readings('RequestLatency_P99').now} before={c.readings('RequestLatency_P99').before} unit="Milliseconds" />
        <Progress value={c.share * 100} size={4} mt={2} aria-label={`P99 of ${c.scope.name} against the slowest`} />
      </>
    ),
  },
  { key: 'trend', label: 'P99 over time', quiet: true, render: (c) => <Sparkline values={c.trend} label={`P99 of ${c.scope.name} over time`} width={100} /> },
  figure('errors', 'Errors', 'ErrorRatio', 'Ratio', 'Share of requests that failed'),
  figure('requests', 'Requests', 'RequestsPerMinute', 'CountPerMinute', 'Requests per minute, over the time that was measured'),
  figure('cpu', 'CPU', 'CpuUtilizationPercentage', 'Percent', 'Mean use of its CPUs'),
];

const gpuColumns: Column<Row>[] = [
  figure('gpu', 'GPU', 'GpuUtilizationPercentage', 'Percent', 'Share of the time in which its GPUs ran anything'),
  figure('temperature', 'GPU temperature', 'GpuTemperature', 'Celsius', 'Mean temperature of its GPUs'),
  figure('throttled', 'Throttled', 'GpuThrottleRatio', 'Ratio', 'Share of the time that was measured in which the clocks of its GPUs were held back; reasons are added up and may overlap'),
];

const restarts = figure('restarts', 'Restarts', 'InstanceRestarts', 'Count', 'Restarts of its containers in this time');

/** Rows that are shown before somebody asks for all. */
const most = 15;

const nameOf = (c: Row) => c.scope.name;

const uncompared =
  (readings: Summary): Summary =>
  (metric) => ({ now: readings(metric).now, before: null });

interface Props {
  /** The rows: what is below an endpoint or a deployment, or beside an instance. */
  scopes: readonly Scope[];
  scope: string;
  members: readonly Member[];
  family: ReturnType<typeof useFamily>;
  trends: ReturnType<typeof useTrends>;
  /** Whether the time before is known well enough of the page's scope to be compared with; of the rows, their readings know. */
  compared: boolean;
}

/** What is below a scope or beside it, the slowest first, one click from its own page. */
export function Children({ scopes, scope, members, family, trends, compared }: Props) {
  const [sort, setSort] = useSort({ key: 'p99', descending: true });
  const rows = useMemo(() => {
    const of = new Map(members.map((m) => [m.scope, m]));
    const list = scopes.map((s) => {
      const readings = of.get(s.scope)?.readings ?? (() => nothing);
      return { scope: s, readings: compared ? readings : uncompared(readings) };
    });
    const slowest = Math.max(0, ...list.map((c) => c.readings('RequestLatency_P99').now ?? 0));
    return list.map(
      (c): Row => ({
        ...c,
        own: c.scope.scope === scope,
        trend: trends.data?.series.find((s) => s.scope === c.scope.scope && s.metric === 'RequestLatency_P99')?.values ?? [],
        share: slowest === 0 ? 0 : (c.readings('RequestLatency_P99').now ?? 0) / slowest,
      }),
    );
  }, [scopes, scope, members, trends.data, compared]);
  const [all, showAll] = useState(false);
  const gpus = rows.some((c) => c.scope.gpus > 0 || c.readings('GpuUtilizationPercentage').now !== null);
  const shown = [...columns, ...(gpus ? gpuColumns : []), restarts];
  const level = scopes[0]?.level ?? 'instance';
  const title = levelOf(scope) === 'instance' ? 'Instances of the deployment, slowest first' : `${level === 'deployment' ? 'Deployments' : 'Instances'}, slowest first`;
  return (
    <Panel title={title} asked={family} height={120} isEmpty={() => rows.length === 0} empty="Nothing below it has reported within the last day." truncated={() => notesOf(family.data, trends.data)}>
      {() => (
        <>
          <DataTable label={`${level}s`} columns={shown} rows={all ? rows : sortRows(rows, shown, sort, nameOf).slice(0, most)} rowKey={nameOf} sort={sort} onSort={setSort} />
          {rows.length > most && (
            <Button size="compact-sm" variant="subtle" mt={4} onClick={() => showAll(!all)}>
              {all ? `Show the first ${most}` : `Showing ${most} of ${rows.length}: show all`}
            </Button>
          )}
        </>
      )}
    </Panel>
  );
}

function State({ scope }: { scope: Scope }) {
  if (scope.level === 'instance') {
    return scope.state === 'ready' ? (
      <Status kind="ok">reports</Status>
    ) : (
      <Status kind="none">
        silent, last seen <Ago at={Date.parse(scope.last_sample)} />
      </Status>
    );
  }
  const all = scope.ready + scope.missing;
  if (scope.missing === 0) return <Status kind="ok">{`${scope.ready} report`}</Status>;
  return <Status kind={scope.ready === 0 ? 'none' : 'warning'}>{`${scope.ready} of ${all} report`}</Status>;
}
