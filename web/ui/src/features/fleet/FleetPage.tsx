import { Anchor, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { useMemo, type ReactNode } from 'react';
import { useMetrics, useScopes } from '@/api/hooks';
import type { Scope } from '@/api/types';
import { asOne } from '@/components/asked';
import { notesOf } from '@/components/chart/answer';
import { DataTable } from '@/components/DataTable';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { formatValue } from '@/lib/units';
import { useParamState, useSort } from '@/view/params';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { emptyFunnel, funnels, groups, hoursQuestion, idleHours, sumFunnels, type By, type Funnel } from './funnel';
import { FunnelBars } from './FunnelBars';
import { isMeasured, questions, saturations } from './saturation';
import { hoursColumns, saturationColumns, share, silentColumns, type HoursRow } from './tables';

const groupLabels: Record<By, string> = { endpoint: 'endpoint', deployment: 'deployment', instance: 'instance', node: 'node', gpuModel: 'model of the GPU' };

function instancesOf(scopes: readonly Scope[]): Scope[] {
  return scopes.flatMap((s) => (s.level === 'instance' ? [s] : instancesOf(s.children ?? [])));
}

/** What the fleet costs and what comes of it: idle GPUs, what is near its limit, and who is silent. */
export function Component() {
  return (
    <Stack gap="md">
      <PageHead title="Fleet" controls={{ compare: false }} />
      <Hours />
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm">
        <NearLimit />
        <Silent />
      </SimpleGrid>
    </Stack>
  );
}

function Hours() {
  const { view } = usePageView();
  const { params, set } = useParamState();
  const by = groups.find((g) => g === params.get('by')) ?? 'endpoint';
  const [sort, setSort] = useSort({ key: 'idle', descending: true });
  const hours = useMetrics({ ...hoursQuestion(by), metric: 'GpuHours', aggregation: 'Total', interval: 'full' }, { ...view, compare: '' });
  const rows = useMemo(() => (hours.data === undefined ? [] : [...funnels(hours.data, by)].map(([key, funnel]): HoursRow => ({ key, funnel }))), [hours.data, by]);
  const all = useMemo(() => (hours.data === undefined ? emptyFunnel : sumFunnels(funnels(hours.data, 'endpoint').values())), [hours.data]);
  return (
    <Panel
      title="GPU hours, from provisioned to effective"
      asked={hours}
      isEmpty={() => all.provisioned === 0}
      empty="No agent saw a GPU in this time. An agent on a machine with one tells of it by itself; the demo simulates some with --simulate-gpu."
      height={160}
      truncated={notesOf}
      actions={<Select size="xs" w={170} aria-label="By" data={groups.map((g) => ({ value: g, label: `By ${groupLabels[g]}` }))} value={by} onChange={(value) => set({ by: value === 'endpoint' ? null : value })} allowDeselect={false} />}
    >
      {() => (
        <Stack gap="sm">
          <FunnelBars funnel={all} />
          <Sentence all={all} />
          <DataTable label="GPU hours" columns={hoursColumns(by)} rows={rows} rowKey={(r) => r.key} sort={sort} onSort={setSort} />
        </Stack>
      )}
    </Panel>
  );
}

function Sentence({ all }: { all: Funnel }) {
  const hours = (value: number, metric: string): ReactNode => (
    <Anchor component={ViewLink} to="/explore" params={{ scope: '*', metric, aggregation: 'Total', split: 'State', kind: 'stack' }} c="inherit" fw={600}>
      {formatValue(value, 'Hours')}
    </Anchor>
  );
  return (
    <Text size="sm">
      {hours(idleHours(all), 'IdleGpuHours')} of {hours(all.provisioned, 'GpuHours')} were idle ({formatValue(share(idleHours(all), all.provisioned), 'Ratio')}): {hours(all.provisioned - all.bound, 'IdleGpuHours')} without anything that holds the GPU, {hours(all.bound - all.active, 'IdleGpuHours')} held and not used.
    </Text>
  );
}

function NearLimit() {
  const { view } = usePageView();
  const [sort, setSort] = useSort({ key: 'full', descending: true }, 'full');
  const plain = { ...view, compare: '' };
  const asked = [useMetrics(questions.plain, plain), useMetrics(questions.most, plain), useMetrics(questions.least, plain), useMetrics(questions.gpus, plain), useMetrics(questions.disks, plain)] as const;
  const answers = asked.map((a) => a.data).filter((a) => a !== undefined);
  const near = answers.length < asked.length ? [] : saturations(answers);
  return (
    <Panel
      title="Near a limit"
      hint="On average over this time; each kind has its own threshold, which its name tells"
      asked={asOne(answers.length < asked.length ? undefined : answers, asked)}
      isEmpty={() => near.length === 0}
      empty={isMeasured(answers) ? 'No instance is near a limit of its queue, requests at once, cache, GPUs, CPU, memory or disks.' : 'Nothing was measured in this time.'}
      height={120}
      truncated={(all) => notesOf(...all)}
    >
      {() => <DataTable label="Near a limit" columns={saturationColumns} rows={near} rowKey={(s) => `${s.scope} ${s.metric} ${s.which}`} sort={sort} onSort={setSort} />}
    </Panel>
  );
}

function Silent() {
  const { view } = usePageView();
  const [sort, setSort] = useSort({ key: 'since', descending: false }, 'silent');
  const scopes = useScopes(view);
  const silent = useMemo(() => instancesOf(scopes.data ?? []).filter((s) => s.state !== 'ready'), [scopes.data]);
  return (
    <Panel title="Silent agents" hint="Instances of the last day that do not report now" asked={scopes} isEmpty={() => silent.length === 0} empty="Every agent of the last day reports." height={120}>
      {() => <DataTable label="Silent agents" columns={silentColumns} rows={silent} rowKey={(s) => s.scope} sort={sort} onSort={setSort} />}
    </Panel>
  );
}
