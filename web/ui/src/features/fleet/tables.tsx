import { Anchor, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Scope } from '@/api/types';
import type { Column } from '@/components/DataTable';
import { Figure } from '@/components/Figure';
import { scopePath } from '@/lib/scope';
import { Ago } from '@/view/Ago';
import { ViewLink } from '@/view/ViewLink';
import { FunnelBars } from './FunnelBars';
import { idleHours, type By, type Funnel } from './funnel';
import type { Saturation } from './saturation';

export interface HoursRow {
  /** A scope, or the value of a dimension. */
  key: string;
  funnel: Funnel;
}

export const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);

const isDimension = (by: By) => by === 'node' || by === 'gpuModel';

/** A number of the table as a link to its chart. */
function HoursLink({ row, by, metric, children }: { row: HoursRow; by: By; metric: string; children: ReactNode }) {
  const of = isDimension(by) ? { scope: '*', filter: `${by} eq '${row.key.replaceAll("'", "''")}'` } : { scope: row.key };
  return (
    <Anchor component={ViewLink} to="/explore" params={{ ...of, metric, aggregation: 'Total', split: 'State', kind: 'stack' }} c="inherit">
      {children}
    </Anchor>
  );
}

const stepHints = { bound: 'Something holds the GPU', active: 'Something runs on it', effective: 'What runs uses much of the chip' };

/** Idle hours and the steps of the funnel, by scope, node or model. */
export function hoursColumns(by: By): Column<HoursRow>[] {
  return [
    { key: 'scope', label: { endpoint: 'Endpoint', deployment: 'Deployment', instance: 'Instance', node: 'Node', gpuModel: 'Model of the GPU' }[by], value: (r) => r.key, render: (r) => <Where row={r} by={by} /> },
    { key: 'idle', label: 'Idle', hint: 'GPU hours in which nothing ran', numeric: true, value: (r) => idleHours(r.funnel), render: (r) => <HoursLink row={r} by={by} metric="IdleGpuHours"><Figure value={idleHours(r.funnel)} unit="Hours" /></HoursLink> },
    { key: 'provisioned', label: 'Provisioned', hint: 'GPU hours that are paid for', numeric: true, value: (r) => r.funnel.provisioned, render: (r) => <HoursLink row={r} by={by} metric="GpuHours"><Figure value={r.funnel.provisioned} unit="Hours" /></HoursLink> },
    ...(['bound', 'active', 'effective'] as const).map(
      (step): Column<HoursRow> => ({
        key: step,
        label: `${step.charAt(0).toUpperCase()}${step.slice(1)}`,
        hint: `${stepHints[step]}, as a part of what is provisioned`,
        numeric: true,
        value: (r) => share(r.funnel[step], r.funnel.provisioned),
        render: (r) => <HoursLink row={r} by={by} metric="GpuHours"><Figure value={share(r.funnel[step], r.funnel.provisioned)} unit="Ratio" /></HoursLink>,
      }),
    ),
    { key: 'bars', label: 'Funnel', quiet: true, render: (r) => <FunnelBars funnel={r.funnel} compact /> },
  ];
}

function Where({ row, by }: { row: HoursRow; by: By }) {
  if (!isDimension(by)) return <ScopeLink scope={row.key} strong />;
  if (row.key !== '') return <Text span size="sm" fw={600}>{row.key}</Text>;
  return (
    <Text span size="sm" c="dimmed" title={by === 'node' ? "An agent tells its node where its configuration's labels have one: labels: {node: NAME}" : 'The agent does not tell the model of these GPUs'}>
      not told
    </Text>
  );
}

function ScopeLink({ scope, strong = false }: { scope: string; strong?: boolean }) {
  return (
    <Anchor component={ViewLink} to={scopePath(scope)} {...(strong ? { fw: 600 } : {})}>
      {scope}
    </Anchor>
  );
}

const chartOf = (s: Saturation, child: ReactNode) => (
  <Anchor component={ViewLink} to="/explore" params={{ scope: s.scope, metric: s.metric, ...(s.limit.each === undefined ? {} : { split: s.limit.each }) }} c="inherit">
    {child}
  </Anchor>
);

export const saturationColumns: Column<Saturation>[] = [
  { key: 'scope', label: 'Instance', value: (s) => s.scope, render: (s) => <ScopeLink scope={s.scope} /> },
  { key: 'what', label: 'What', value: (s) => `${s.limit.what} ${s.which}`, render: (s) => <span title={`${s.limit.hint}. Listed from ${Math.round(s.limit.from * 100)} % on.`}>{s.which === '' ? s.limit.what : `${s.limit.what} (${s.which})`}</span> },
  { key: 'full', label: 'On average', hint: 'How full it was, over this time', numeric: true, value: (s) => s.full, render: (s) => chartOf(s, <Figure value={s.full} unit="Ratio" />) },
  { key: 'worst', label: 'At its worst', hint: 'How full it was at its fullest moment', numeric: true, value: (s) => s.worst, render: (s) => chartOf(s, <Figure value={s.worst} unit="Ratio" />) },
];

export const silentColumns: Column<Scope>[] = [
  { key: 'scope', label: 'Instance', value: (s) => s.scope, render: (s) => <ScopeLink scope={s.scope} /> },
  {
    key: 'since',
    label: 'Last seen',
    value: (s) => s.last_sample,
    render: (s) => (
      <Anchor component={ViewLink} to="/explore" params={{ scope: s.scope, metric: 'AgentFreshness' }} c="inherit">
        <Ago at={Date.parse(s.last_sample)} />
      </Anchor>
    ),
  },
];
