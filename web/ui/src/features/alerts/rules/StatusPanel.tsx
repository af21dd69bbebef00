import { Anchor, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { refreshed } from '@/api/refreshed';
import type { MetricDefinition } from '@/api/types';
import { DataTable, type Column } from '@/components/DataTable';
import { Panel } from '@/components/Panel';
import { Status } from '@/components/Status';
import { scopePath } from '@/lib/scope';
import { formatValue } from '@/lib/units';
import { Ago } from '@/view/Ago';
import { useSort } from '@/view/params';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { criterionUnit, definitionAt, dimensionText } from '../sentence';
import type { ResourceDocument, RuleStatus } from '../types';

type Properties = NonNullable<RuleStatus['value'][number]['properties']>;

interface Row extends Properties {
  name: string;
}

interface Criterion {
  name?: string;
  metricName?: string;
  timeAggregation?: string;
}

const most = 200;
const words = { Unhealthy: ['critical', 'Fired'], Pending: ['warning', 'Pending'], Healthy: ['ok', 'Well'] } as const;
const order = { Unhealthy: 2, Pending: 1, Healthy: 0 } as const;

/** Each series that a rule follows: whether it is fired, and what the last check saw. */
export function StatusPanel({ rule, definitions }: { rule: ResourceDocument; definitions: readonly MetricDefinition[] }) {
  const { view } = usePageView();
  const [sort, setSort] = useSort({ key: 'status', descending: true });
  const query = useQuery({
    queryKey: ['alert-rules', 'status', rule.name],
    queryFn: async ({ signal }) => body(await api().GET('/api/v1/alert-rules/{name}/status', { params: { path: { name: rule.name } }, signal })),
    refetchInterval: view.refresh || false,
  });
  const asked = refreshed(query, view.refresh);
  const criteria = ((rule.criteria as { allOf?: Criterion[] } | undefined)?.allOf ?? []).map((c, i) => ({ ...c, name: c.name ?? `criterion ${i + 1}` }));
  const unitOfCriterion = (name: string | undefined, scope: string | undefined) => {
    const c = criteria.find((x) => x.name === name);
    return c?.metricName === undefined ? '' : criterionUnit(definitionAt(definitions, c.metricName, scope), c.timeAggregation);
  };
  const columns: Column<Row>[] = [
    {
      key: 'name',
      label: 'Series',
      value: (r) => r.name,
      render: (r) => (
        <>
          {r.scope === undefined || r.scope === '' ? (
            <Text size="sm">{r.name}</Text>
          ) : (
            <Anchor component={ViewLink} to={scopePath(r.scope)} size="sm">
              {r.scope}
            </Anchor>
          )}
          <Text size="xs" c="dimmed">
            {dimensionText(r.dimensions)}
          </Text>
        </>
      ),
    },
    {
      key: 'status',
      label: 'Now',
      numeric: false,
      value: (r) => order[r.status ?? 'Healthy'],
      render: (r) => {
        const [kind, word] = words[r.status ?? 'Healthy'];
        return (
          <>
            <Status kind={kind}>{word}</Status>
            {r.firedDateTime !== undefined && (
              <Text size="xs" c="dimmed">
                since <Ago at={Date.parse(r.firedDateTime)} />
              </Text>
            )}
          </>
        );
      },
    },
    { key: 'values', label: 'Saw', hint: 'What the last check saw of each criterion', render: (r) => <Text size="sm">{(r.values ?? []).map((v) => `${criteria.length > 1 ? `${v.criterion ?? ''} ` : ''}${formatValue(v.value, unitOfCriterion(v.criterion, r.scope))}`).join(', ')}</Text> },
  ];
  return (
    <Panel title="Now" asked={asked} height={220}>
      {({ value, evaluation }) => {
        const rows = value.map((v) => ({ ...v.properties, name: v.name ?? '' }));
        const worst = [...rows].sort((a, b) => order[b.status ?? 'Healthy'] - order[a.status ?? 'Healthy']);
        return (
          <Stack gap="xs">
            <Evaluation evaluation={evaluation} />
            {rows.length > most && (
              <Text size="xs" c="dimmed">
                Showing {most} of {rows.length} series, those that fired first
              </Text>
            )}
            {rows.length === 0 ? <Text size="sm">{emptyText(rule)}</Text> : <DataTable label="Series of the rule" columns={columns} rows={worst.slice(0, most)} rowKey={(r) => `${r.name} ${JSON.stringify(r.dimensions)}`} sort={sort} onSort={setSort} />}
          </Stack>
        );
      }}
    </Panel>
  );
}

function emptyText({ kind, enabled }: ResourceDocument): string {
  if (enabled === false) return 'The rule is off.';
  // Of groups the answer has only what is pending or fired, whatever data there are.
  return kind === 'prometheus' ? 'None of its alerts is pending or fired.' : 'The rule found no data at its last check, or was not checked yet.';
}

function Evaluation({ evaluation }: { evaluation: RuleStatus['evaluation'] }) {
  if (evaluation === undefined) return null;
  const { health, evaluatedAt, durationSeconds, error, failures = 0, held = 0 } = evaluation;
  return (
    <div>
      {health === 'failing' && (
        <Status kind="warning">{`Cannot be evaluated, ${failures} ${failures === 1 ? 'time' : 'times'} in a row`}</Status>
      )}
      {error !== undefined && error !== '' && <Text size="sm">{error}</Text>}
      {held > 0 && <Text size="sm">{held} alerts wait until there is room for them.</Text>}
      {evaluatedAt !== undefined && (
        <Text size="xs" c="dimmed">
          Evaluated <Ago at={Date.parse(evaluatedAt)} />
          {durationSeconds !== undefined && `, in ${formatValue(durationSeconds, 'Seconds')}`}
        </Text>
      )}
    </div>
  );
}
