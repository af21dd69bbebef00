import { Anchor, Progress } from '@mantine/core';
import { useMemo } from 'react';
import { useMetrics } from '@/api/hooks';
import type { Scope } from '@/api/types';
import { DataTable, type Column } from '@/components/DataTable';
import { Figure } from '@/components/Figure';
import { Panel } from '@/components/Panel';
import { Sparkline } from '@/components/Sparkline';
import { Status } from '@/components/Status';
import { childLevel, scopePath } from '@/lib/scope';
import { Ago } from '@/view/Ago';
import { useSort } from '@/view/params';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { summaryOf, type Summary } from './summary';

interface Child {
  scope: Scope;
  readings: Summary;
  trend: readonly (number | null)[];
  /** P99 as a part of the slowest child's, for its bar. */
  share: number;
}

const metrics = ['RequestsPerMinute', 'ErrorRatio', 'RequestLatency_P99', 'CpuUtilizationPercentage', 'GpuUtilizationPercentage', 'GpuTemperature', 'GpuThrottleRatio', 'InstanceRestarts'];

const reading = (metric: string) => (c: Child) => c.readings(metric).now;
const figure = (key: string, label: string, metric: string, unit: string, hint: string): Column<Child> => ({
  key,
  label,
  hint,
  numeric: true,
  value: reading(metric),
  render: (c) => <Figure value={c.readings(metric).now} before={c.readings(metric).before} unit={unit} />,
});

const columns: Column<Child>[] = [
  {
    key: 'name',
    label: 'Name',
    value: (c) => c.scope.name,
    render: (c) => (
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
  figure('errors', 'Errors', 'ErrorRatio', 'Ratio', 'Share of requests that failed'),
  figure('requests', 'Requests', 'RequestsPerMinute', 'CountPerMinute', 'Requests per minute'),
  figure('cpu', 'CPU', 'CpuUtilizationPercentage', 'Percent', 'Mean use of its CPUs'),
];

const gpuColumns: Column<Child>[] = [
  figure('gpu', 'GPU', 'GpuUtilizationPercentage', 'Percent', 'Mean use of its GPUs'),
  figure('temperature', 'GPU temperature', 'GpuTemperature', 'Celsius', 'Mean temperature of its GPUs'),
  figure('throttled', 'Throttled', 'GpuThrottleRatio', 'Ratio', 'Share of the time in which the clocks of its GPUs were held back'),
];

const lastColumns: Column<Child>[] = [
  figure('restarts', 'Restarts', 'InstanceRestarts', 'Count', 'Restarts per minute'),
  { key: 'trend', label: 'P99 over time', quiet: true, render: (c) => <Sparkline values={c.trend} label={`P99 of ${c.scope.name} over time`} width={100} /> },
];

/** What is below a scope, the slowest first, one click from its own page. */
export function Children({ scope }: { scope: Scope }) {
  const { view } = usePageView();
  const [sort, setSort] = useSort({ key: 'p99', descending: true });
  const below = `${scope.scope}/*`;
  const totals = useMetrics({ scope: below, metric: metrics, interval: 'full', compare: view.compare || 'previous' }, view);
  const trends = useMetrics({ scope: below, metric: 'RequestLatency_P99' }, { ...view, compare: '' });
  const children = useMemo(() => {
    const list = (scope.children ?? []).map((s) => ({ scope: s, readings: summaryOf(totals.data, s.scope) }));
    const slowest = Math.max(0, ...list.map((c) => c.readings('RequestLatency_P99').now ?? 0));
    return list.map(
      (c): Child => ({
        ...c,
        trend: trends.data?.series.find((s) => s.scope === c.scope.scope)?.values ?? [],
        share: slowest === 0 ? 0 : (c.readings('RequestLatency_P99').now ?? 0) / slowest,
      }),
    );
  }, [scope.children, totals.data, trends.data]);
  const gpus = scope.gpus > 0 || children.some((c) => c.readings('GpuUtilizationPercentage').now !== null);
  const level = childLevel(scope.scope) ?? 'instance';
  return (
    <Panel title={`${level === 'deployment' ? 'Deployments' : 'Instances'}, slowest first`} asked={totals} height={120}>
      {() => <DataTable label={`${level}s`} columns={[...columns, ...(gpus ? gpuColumns : []), ...lastColumns]} rows={children} rowKey={(c) => c.scope.name} sort={sort} onSort={setSort} />}
    </Panel>
  );
}

function State({ scope }: { scope: Scope }) {
  if (scope.level === 'instance') {
    return scope.state === 'ready' ? <Status kind="ok">ready</Status> : (
      <Status kind="none">
        {scope.state}, last seen <Ago at={Date.parse(scope.last_sample)} />
      </Status>
    );
  }
  const all = scope.ready + scope.missing;
  if (scope.missing === 0) return <Status kind="ok">{`${scope.ready} ready`}</Status>;
  return <Status kind={scope.ready === 0 ? 'none' : 'warning'}>{`${scope.ready} of ${all} ready`}</Status>;
}

