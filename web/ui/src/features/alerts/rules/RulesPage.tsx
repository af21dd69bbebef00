import { Anchor, Button, Group, Select, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useDefinitions } from '@/api/hooks';
import { asProblem } from '@/api/problem';
import { DataTable, type Column } from '@/components/DataTable';
import { Panel, ProblemBox } from '@/components/Panel';
import { usePatchResource, useResources } from '@/panels/resources/queries';
import { Ago } from '@/view/Ago';
import { useParamState, useSort } from '@/view/params';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { AlertsHead } from '../AlertsHead';
import { severityOf } from '../severity';
import { SeverityLabel } from '../SeverityLabel';
import type { ResourceDocument } from '../types';
import { Health } from './Health';
import { evaluationOf, filterRules, healths, worst } from './rows';
import { conditionText } from './words';

const most = 300;

/** All rules, with what each says now. */
export function Component() {
  const { view } = usePageView();
  const { params, set } = useParamState();
  const [sort, setSort] = useSort({ key: 'health', descending: true });
  const asked = useResources('alert-rules', view.refresh);
  const { data: definitions = [] } = useDefinitions();
  const patch = usePatchResource('alert-rules');
  const filter = { find: params.get('find') ?? '', kind: params.get('kind') ?? '', health: params.get('health') ?? '' };
  const columns: Column<ResourceDocument>[] = [
    {
      key: 'name',
      label: 'Rule',
      value: (r) => r.name,
      render: (r) => (
        <div style={{ minWidth: 220 }}>
          <Anchor component={ViewLink} to={`/alerts/rules/${encodeURIComponent(r.name)}`} fw={600} size="sm">
            {r.name}
          </Anchor>
          <Text size="xs" c="dimmed" title={r.description}>
            {conditionText(r, definitions)}
          </Text>
        </div>
      ),
    },
    { key: 'severity', label: 'Severity', value: (r) => (r.kind === 'prometheus' ? null : severityOf(r.severity as number | undefined).value), render: (r) => (r.kind === 'prometheus' ? <Text size="sm">of its alerts</Text> : <SeverityLabel value={r.severity as number | undefined} />) },
    { key: 'scopes', label: 'Watches', value: (r) => ((r.scopes as string[] | undefined) ?? []).join(), render: (r) => <Text size="sm">{watched(r)}</Text> },
    { key: 'health', label: 'Now', hint: 'Whether it fires, and whether it could be evaluated', value: worst, render: (r) => <Health rule={r} /> },
    {
      key: 'evaluated',
      label: 'Evaluated',
      hint: 'When it was last looked at',
      value: (r) => evaluationOf(r).evaluatedAt ?? null,
      render: (r) => {
        const at = Date.parse(evaluationOf(r).evaluatedAt ?? '');
        return <Text size="sm">{Number.isNaN(at) ? 'not yet' : <Ago at={at} />}</Text>;
      },
    },
    {
      key: 'enabled',
      label: 'On',
      value: (r) => (r.enabled === false ? 0 : 1),
      render: (r) => (
        <Switch
          size="xs"
          aria-label={`${r.name} is on`}
          checked={r.enabled !== false}
          disabled={r.provisioned === true || patch.isPending}
          title={r.provisioned === true ? `Provided by ${r.source ?? 'a source'}, and changed there` : undefined}
          onChange={(e) => patch.mutate({ name: r.name, etag: r.etag, patch: { enabled: e.currentTarget.checked } })}
        />
      ),
    },
  ];
  const shown = filterRules(asked.data ?? [], filter);
  return (
    <>
      <AlertsHead title="Rules" />
      <Stack gap="sm">
        <Group gap="xs" justify="space-between">
          <Group gap="xs" role="search" aria-label="Filter rules">
            <TextInput size="xs" w={220} aria-label="Find rules" placeholder="Find name, scope, metric" value={filter.find} onChange={(e) => set({ find: e.currentTarget.value })} />
            <Select size="xs" w={140} aria-label="Kind" placeholder="Any kind" clearable data={[{ value: 'metric', label: 'Metric' }, { value: 'log', label: 'Log query' }, { value: 'prometheus', label: 'Prometheus' }]} value={filter.kind || null} onChange={(v) => set({ kind: v })} />
            <Select size="xs" w={140} aria-label="Now" placeholder="Whatever it says" clearable data={[...healths]} value={filter.health || null} onChange={(v) => set({ health: v })} />
            <Text size="xs" c="dimmed" role="status">
              {asked.data !== undefined && (shown.length === asked.data.length ? `${shown.length} rules` : `${shown.length} of ${asked.data.length} rules`)}
            </Text>
          </Group>
          <Button size="xs" component={ViewLink} to="/alerts/rules/new">
            New rule
          </Button>
        </Group>
        {patch.error !== null && <ProblemBox problem={asProblem(patch.error)} />}
        <Panel
          asked={asked}
          height={300}
          isEmpty={() => shown.length === 0}
          empty={
            asked.data?.length === 0 ? (
              <Stack align="center" gap="xs">
                <Text size="sm">There is no rule yet. Ready-made ones watch an endpoint within a minute.</Text>
                <Button size="compact-sm" variant="default" component={ViewLink} to="/alerts/pack">
                  Turn on ready-made rules
                </Button>
              </Stack>
            ) : (
              'No rule passes these filters.'
            )
          }
          truncated={() => (shown.length > most ? `Showing ${most} of ${shown.length} rules. Find narrows them.` : undefined)}
        >
          {() => <DataTable label="Rules" columns={columns} rows={shown.slice(0, most)} rowKey={(r) => r.name} sort={sort} onSort={setSort} />}
        </Panel>
      </Stack>
    </>
  );
}

function watched(rule: ResourceDocument): string {
  const scopes = (rule.scopes as string[] | undefined) ?? [];
  if (scopes.length > 3) return `${scopes.slice(0, 3).join(', ')} and ${scopes.length - 3} more`;
  return scopes.join(', ');
}
