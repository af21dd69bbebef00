import { Anchor, Button, Group, Stack, Switch, Text } from '@mantine/core';
import { asProblem } from '@/api/problem';
import { DataTable, type Column } from '@/components/DataTable';
import { Panel, ProblemBox } from '@/components/Panel';
import { usePatchResource, useResources } from '@/panels/resources/queries';
import { useSort } from '@/view/params';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { AlertsHead } from '../AlertsHead';
import type { ResourceDocument } from '../types';
import { conditionsText, draftOfProcessing, scheduleText } from './draft';

/** All processing rules. */
export function Component() {
  const { view } = usePageView();
  const [sort, setSort] = useSort({ key: 'name', descending: false });
  const asked = useResources('processing-rules', view.refresh);
  const patch = usePatchResource('processing-rules');
  const columns: Column<ResourceDocument>[] = [
    {
      key: 'name',
      label: 'Rule',
      value: (r) => r.name,
      render: (r) => (
        <>
          <Anchor component={ViewLink} to={`/alerts/processing/${encodeURIComponent(r.name)}`} fw={600} size="sm">
            {r.name}
          </Anchor>
          <Text size="xs" c="dimmed">
            {r.description}
          </Text>
        </>
      ),
    },
    { key: 'does', label: 'Does', value: (r) => does(r), render: (r) => <Text size="sm">{does(r)}</Text> },
    { key: 'of', label: 'Of', render: (r) => <Text size="sm">{conditionsText(draftOfProcessing(r))}</Text> },
    { key: 'when', label: 'Holds', render: (r) => <Text size="sm">{scheduleText(draftOfProcessing(r))}</Text> },
    {
      key: 'enabled',
      label: 'On',
      value: (r) => (r.enabled === false ? 0 : 1),
      render: (r) => <Switch size="xs" aria-label={`${r.name} is on`} checked={r.enabled !== false} disabled={r.provisioned === true || patch.isPending} onChange={(e) => patch.mutate({ name: r.name, etag: r.etag, patch: { enabled: e.currentTarget.checked } })} />,
    },
  ];
  return (
    <>
      <AlertsHead title="Processing rules" />
      <Stack gap="sm">
        <Group justify="space-between">
          <Text size="sm" c="dimmed">
            They change who is told as alerts fire: nobody, as in maintenance and at night, or more groups.
          </Text>
          <Button size="xs" component={ViewLink} to="/alerts/processing/new">
            New processing rule
          </Button>
        </Group>
        {patch.error !== null && <ProblemBox problem={asProblem(patch.error)} />}
        <Panel asked={asked} height={200} isEmpty={(r) => r.length === 0} empty="There is no processing rule: alerts are told of as their rules and the policy say.">
          {(rules) => <DataTable label="Processing rules" columns={columns} rows={rules} rowKey={(r) => r.name} sort={sort} onSort={setSort} />}
        </Panel>
      </Stack>
    </>
  );
}

function does(rule: ResourceDocument): string {
  const draft = draftOfProcessing(rule);
  return draft.suppress ? 'nobody is told' : `tells ${draft.groups.join(', ')}, too`;
}
