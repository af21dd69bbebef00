import { Button, Code, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useDeferredValue, useMemo } from 'react';
import { Link, useSearchParams } from 'react-router';
import { baseURL } from '@/api/client';
import { useFiredAlerts, useMetrics, useScopes } from '@/api/hooks';
import { asProblem } from '@/api/problem';
import { asOne, problemIn } from '@/components/asked';
import { joinNotes, notesIn } from '@/components/chart/answer';
import { DataTable, type Column } from '@/components/DataTable';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { compareLink, mostCompared } from '@/view/compare';
import { useParamState, useSort } from '@/view/params';
import { usePageView } from '@/view/view';
import { columnsOf, count } from './columns';
import classes from './OverviewPage.module.css';
import { endpointRows, filterRows, states, type EndpointRow, type State } from './rows';

const metrics = ['RequestsPerMinute', 'ErrorRatio', 'RequestLatency_P99', 'GpuUtilizationPercentage', 'CpuUtilizationPercentage'];
const trendMetrics = ['RequestsPerMinute', 'CpuUtilizationPercentage'];

const stateWords: Record<State, string> = { alerts: 'With open alerts', missing: 'With missing instances', silent: 'Silent', ready: 'Ready' };

/** All endpoints: which is in trouble, and how much each has to do. */
export function Component() {
  const { view } = usePageView();
  const { params, set } = useParamState();
  const [search] = useSearchParams();
  const [sort, setSort] = useSort({ key: 'state', descending: true });
  const scopes = useScopes(view);
  const alerts = useFiredAlerts(view);
  const some = (scopes.data?.length ?? 0) > 0;
  const compare = view.compare || 'previous';
  const totals = useMetrics({ scope: '*', metric: metrics, interval: 'full', compare }, view, some);
  const trends = useMetrics({ scope: '*', metric: trendMetrics, compare }, view, some);
  const rows = useMemo(() => endpointRows(scopes.data ?? [], { totals: totals.data, trends: trends.data, alerts: alerts.data?.alerts }), [scopes.data, totals.data, trends.data, alerts.data]);
  const find = params.get('find') ?? '';
  const state = states.find((s) => s === params.get('state'));
  // Several answers make one drawing, which waits for whoever types.
  const shown = useDeferredValue(useMemo(() => filterRows(rows, find, state), [rows, find, state]));
  const chosen = params.getAll('with');
  const lacking = problemIn(alerts);
  const unknown = lacking == null ? 'Alerts are still on their way' : `Alerts are not known: ${asProblem(lacking).message}`;
  const columns: Column<EndpointRow>[] = [
    {
      key: 'with',
      label: 'Compare',
      quiet: true,
      render: (r) => (
        <input
          type="checkbox"
          className={classes.check}
          aria-label={`Compare ${r.name}`}
          checked={chosen.includes(r.name)}
          disabled={!chosen.includes(r.name) && chosen.length >= mostCompared}
          onChange={(e) => set({ with: e.currentTarget.checked ? [...chosen, r.name] : chosen.filter((n) => n !== r.name) })}
        />
      ),
    },
    ...columnsOf(view.utc, unknown),
  ];

  return (
    <>
      <PageHead title="Overview" />
      <Panel asked={asOne(scopes.data, some ? [scopes, totals, trends, alerts] : [scopes])} isEmpty={(list) => list.length === 0} height={240} empty={<NothingYet />} truncated={() => joinNotes([...(alerts.data?.cut === true ? [`The ${alerts.data.alerts.length.toLocaleString('en-US')} most severe alerts are counted; there are more`] : []), ...[totals.data, trends.data].flatMap(notesIn)])}>
        {() => (
          <Stack gap="xs">
            <Group gap="xs">
              <TextInput size="xs" w={240} aria-label="Find endpoints" placeholder="Find endpoint, deployment, instance" value={find} onChange={(e) => set({ find: e.currentTarget.value })} />
              <Select
                size="xs"
                w={190}
                aria-label="State"
                data={[{ value: '', label: 'Any state' }, ...states.map((s) => ({ value: s, label: stateWords[s] }))]}
                value={state ?? ''}
                onChange={(value) => set({ state: value })}
                allowDeselect={false}
              />
              <Text size="xs" c="dimmed" role="status">
                {shown.length === rows.length ? count(rows.length, 'endpoint') : `${shown.length} of ${count(rows.length, 'endpoint')}`}
              </Text>
              {chosen.length === 1 && (
                <Text size="xs" c="dimmed">
                  Choose another one to compare {chosen[0]} with.
                </Text>
              )}
              {chosen.length > 1 && (
                <Button component={Link} to={compareLink(search, chosen)} size="compact-sm">
                  Compare {chosen.length} endpoints
                </Button>
              )}
              {chosen.length > 0 && (
                <Button size="compact-sm" variant="subtle" onClick={() => set({ with: null })}>
                  Choose none
                </Button>
              )}
            </Group>
            {shown.length === 0 ? (
              <Text size="sm">{state === 'alerts' && alerts.data === undefined ? `${unknown}.` : nothingFits(find.trim(), state)}</Text>
            ) : (
              <DataTable label="Endpoints" columns={columns} rows={shown} rowKey={(r) => r.name} sort={sort} onSort={setSort} />
            )}
          </Stack>
        )}
      </Panel>
    </>
  );
}

function nothingFits(find: string, state: State | undefined): string {
  const named = find === '' ? 'No endpoint' : `No endpoint with “${find}” in its name or in that of anything below`;
  return state === undefined ? `${named}.` : `${named} is ${stateWords[state].toLowerCase()}.`;
}

function NothingYet() {
  return (
    <Stack align="center" gap={4}>
      <Text>No endpoint has sent anything yet.</Text>
      <Text size="sm">
        Run an agent beside a model server: <Code>endscope-agent run --server {baseURL()} --endpoint my-model --deployment blue</Code>
      </Text>
    </Stack>
  );
}
