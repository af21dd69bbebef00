import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { DataTable, type Column } from '@/components/DataTable';
import { Panel } from '@/components/Panel';
import { Status } from '@/components/Status';
import { useResources } from '@/panels/resources/queries';
import { Ago } from '@/view/Ago';
import { useSort } from '@/view/params';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { AlertsHead } from '../AlertsHead';
import type { ResourceDocument } from '../types';
import { draftOfGroup } from './draft';
import { receiverType } from './receivers';

const columns: Column<ResourceDocument>[] = [
  {
    key: 'name',
    label: 'Group',
    value: (g) => g.name,
    render: (g) => (
      <Anchor component={ViewLink} to={`/alerts/groups/${encodeURIComponent(g.name)}`} fw={600} size="sm">
        {g.name}
      </Anchor>
    ),
  },
  {
    key: 'receivers',
    label: 'Tells',
    value: (g) => draftOfGroup(g).receivers.length,
    render: (g) => (
      <Text size="sm">
        {draftOfGroup(g)
          .receivers.map((r) => `${r.name} (${receiverType(r.array).label})`)
          .join(', ') || 'nobody'}
      </Text>
    ),
  },
  { key: 'enabled', label: 'State', value: (g) => (g.enabled === false ? 0 : 1), render: (g) => (g.enabled === false ? <Status kind="none">Off: tells nobody</Status> : <Status kind="ok">On</Status>) },
  {
    key: 'changed',
    label: 'Changed',
    value: (g) => g.lastUpdatedTime ?? null,
    render: (g) => (
      <Text size="sm">
        <Ago at={Date.parse(g.lastUpdatedTime ?? '')} /> by {g.provisioned === true ? g.source : g.updatedBy}
      </Text>
    ),
  },
];

/** All action groups. */
export function Component() {
  const { view } = usePageView();
  const [sort, setSort] = useSort({ key: 'name', descending: false });
  const asked = useResources('action-groups', view.refresh);
  return (
    <>
      <AlertsHead title="Action groups" />
      <Stack gap="sm">
        <Group justify="space-between">
          <Text size="sm" c="dimmed">
            Who is told of alerts, and how. Rules name the groups that they tell.
          </Text>
          <Button size="xs" component={ViewLink} to="/alerts/groups/new">
            New group
          </Button>
        </Group>
        <Panel asked={asked} height={200} isEmpty={(g) => g.length === 0} empty="There is no action group: alerts are listed here, and nobody is told.">
          {(groups) => <DataTable label="Action groups" columns={columns} rows={groups} rowKey={(g) => g.name} sort={sort} onSort={setSort} />}
        </Panel>
      </Stack>
    </>
  );
}
