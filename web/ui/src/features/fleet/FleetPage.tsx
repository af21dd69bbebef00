import { Anchor, SegmentedControl, SimpleGrid, Stack, Text } from '@mantine/core';
import { useMemo, type ReactNode } from 'react';
import { useMetrics, useScopes } from '@/api/hooks';
import type { Scope } from '@/api/types';
import { DataTable, type Column } from '@/components/DataTable';
import { Figure } from '@/components/Figure';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { scopePath } from '@/lib/scope';
import { formatValue } from '@/lib/units';
import { Ago } from '@/view/Ago';
import { useParamState, useSort } from '@/view/params';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { funnels, idleHours, saturationMetrics, saturations, sumFunnels, type By, type Funnel, type Saturation } from './funnel';
import { FunnelBars } from './FunnelBars';

interface Row {
  scope: string;
  funnel: Funnel;
}

const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);

const hoursLink = (row: Row, child: ReactNode, metric: string) => (
  <Anchor component={ViewLink} to="/explore" params={{ scope: row.scope, metric, aggregation: 'Total', split: 'State' }} c="inherit">
    {child}
  </Anchor>
);

const columns: Column<Row>[] = [
  {
    key: 'scope',
    label: 'Where',
    value: (r) => r.scope,
    render: (r) => (
      <Anchor component={ViewLink} to={scopePath(r.scope)} fw={600}>
        {r.scope}
      </Anchor>
    ),
  },
  { key: 'idle', label: 'Idle', hint: 'GPU hours in which nothing ran', numeric: true, value: (r) => idleHours(r.funnel), render: (r) => hoursLink(r, <Figure value={idleHours(r.funnel)} unit="Hours" />, 'IdleGpuHours') },
  { key: 'provisioned', label: 'Provisioned', hint: 'GPU hours that are paid for', numeric: true, value: (r) => r.funnel.provisioned, render: (r) => hoursLink(r, <Figure value={r.funnel.provisioned} unit="Hours" />, 'GpuHours') },
  ...(['bound', 'active', 'effective'] as const).map(
    (step): Column<Row> => ({
      key: step,
      label: `${step.charAt(0).toUpperCase()}${step.slice(1)}`,
      hint: { bound: 'Something holds the GPU', active: 'Something runs on it', effective: 'What runs uses much of the chip' }[step],
      numeric: true,
      value: (r) => share(r.funnel[step], r.funnel.provisioned),
      render: (r) => hoursLink(r, <Figure value={share(r.funnel[step], r.funnel.provisioned)} unit="Ratio" />, 'GpuHours'),
    }),
  ),
  { key: 'bars', label: 'Funnel', quiet: true, render: (r) => <FunnelBars funnel={r.funnel} compact /> },
];

const fullColumns: Column<Saturation>[] = [
  {
    key: 'scope',
    label: 'Instance',
    value: (s) => s.scope,
    render: (s) => (
      <Anchor component={ViewLink} to={scopePath(s.scope)}>
        {s.scope}
      </Anchor>
    ),
  },
  { key: 'what', label: 'What', value: (s) => s.what, render: (s) => s.what },
  { key: 'full', label: 'In use', numeric: true, value: (s) => s.full, render: (s) => <Figure value={s.full} unit="Ratio" /> },
];

const silentColumns: Column<Scope>[] = [
  {
    key: 'scope',
    label: 'Instance',
    value: (s) => s.scope,
    render: (s) => (
      <Anchor component={ViewLink} to={scopePath(s.scope)}>
        {s.scope}
      </Anchor>
    ),
  },
  { key: 'since', label: 'Last seen', value: (s) => s.last_sample, render: (s) => <Ago at={Date.parse(s.last_sample)} /> },
];

function instancesOf(scopes: readonly Scope[]): Scope[] {
  return scopes.flatMap((s) => (s.level === 'instance' ? [s] : instancesOf(s.children ?? [])));
}

const groups: { value: By; label: string }[] = [
  { value: 'endpoint', label: 'Endpoints' },
  { value: 'deployment', label: 'Deployments' },
  { value: 'instance', label: 'Instances' },
];

/** What the fleet costs and what comes of it: idle GPUs, what is near its limit, and who is silent. */
export function Component() {
  const { view } = usePageView();
  const { params, set } = useParamState();
  const by = groups.find((g) => g.value === params.get('by'))?.value ?? 'endpoint';
  const [sort, setSort] = useSort({ key: 'idle', descending: true });
  const [fullSort, setFullSort] = useSort({ key: 'full', descending: true }, 'full');
  const [silentSort, setSilentSort] = useSort({ key: 'since', descending: false }, 'silent');
  const plain = { ...view, compare: '' };
  const hours = useMetrics({ scope: '*/*/*', metric: 'GpuHours', aggregation: 'Total', split: 'State', interval: 'full' }, plain);
  const full = useMetrics({ scope: '*/*/*', metric: saturationMetrics, interval: 'full' }, plain);
  const scopes = useScopes(view);
  const rows = useMemo(() => (hours.data === undefined ? [] : [...funnels(hours.data, by)].map(([scope, funnel]): Row => ({ scope, funnel }))), [hours.data, by]);
  const all = useMemo(() => sumFunnels(rows.map((r) => r.funnel)), [rows]);
  const near = useMemo(() => (full.data === undefined ? [] : saturations(full.data)), [full.data]);
  const silent = useMemo(() => instancesOf(scopes.data ?? []).filter((s) => s.state !== 'ready'), [scopes.data]);

  return (
    <Stack gap="md">
      <PageHead title="Fleet" />
      <Panel title="GPU hours, from provisioned to effective" asked={hours} isEmpty={() => all.provisioned === 0} empty="No agent saw a GPU in this time. An agent on a machine with one tells of it by itself; the demo simulates some with --simulate-gpu." height={160}>
        {() => (
          <Stack gap="sm">
            <FunnelBars funnel={all} />
            <Text size="sm">
              <b>{formatValue(idleHours(all), 'Hours')}</b> of {formatValue(all.provisioned, 'Hours')} were idle ({formatValue(share(idleHours(all), all.provisioned), 'Ratio')}): {formatValue(all.provisioned - all.bound, 'Hours')} without anything that holds the GPU, {formatValue(all.bound - all.active, 'Hours')} held and not used.
            </Text>
            <SegmentedControl size="xs" w="fit-content" aria-label="By" data={groups} value={by} onChange={(value) => set({ by: value === 'endpoint' ? null : value })} />
            <DataTable label="GPU hours" columns={columns} rows={rows} rowKey={(r) => r.scope} sort={sort} onSort={setSort} />
          </Stack>
        )}
      </Panel>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm">
        <Panel title="Near a limit" hint="On average over this time" asked={full} isEmpty={() => near.length === 0} empty="No instance is near a limit of its CPU, memory, disk, GPU memory, cache or requests." height={120}>
          {() => <DataTable label="Near a limit" columns={fullColumns} rows={near} rowKey={(s) => `${s.scope} ${s.what}`} sort={fullSort} onSort={setFullSort} />}
        </Panel>
        <Panel title="Silent agents" asked={scopes} isEmpty={() => silent.length === 0} empty="Every agent reports." height={120}>
          {() => <DataTable label="Silent agents" columns={silentColumns} rows={silent} rowKey={(s) => s.scope} sort={silentSort} onSort={setSilentSort} />}
        </Panel>
      </SimpleGrid>
    </Stack>
  );
}
