import { Anchor, Badge, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconLock, IconPlus, IconUpload } from '@tabler/icons-react';
import { DataTable, type Column } from '@/components/DataTable';
import { Empty, Panel } from '@/components/Panel';
import { PageHead } from '@/components/PageHead';
import { titleOf } from '@/lib/dashboard';
import { useResources } from '@/panels/resources/queries';
import { Ago } from '@/view/Ago';
import { useParamState, useSort } from '@/view/params';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { ImportModal } from './ImportModal';
import { NewModal } from '../NewModal';
import { listed, matching, tagsOf, type Listed } from './listed';

const columns = (onTag: (tag: string) => void): Column<Listed>[] => [
  {
    key: 'title',
    label: 'Dashboard',
    value: (d) => titleOf(d),
    render: (d) => (
      <div>
        <Anchor component={ViewLink} to={`/dashboards/${encodeURIComponent(d.name)}`} fw={600} size="sm">
          {titleOf(d)}
        </Anchor>
        {d.description !== '' && (
          <Text size="xs" c="dimmed" lineClamp={2}>
            {d.description}
          </Text>
        )}
      </div>
    ),
  },
  {
    key: 'tags',
    label: 'Tags',
    render: (d) => (
      <Group gap={4}>
        {d.tags.map((t) => (
          <Badge key={t} component="button" type="button" variant="default" tt="none" style={{ cursor: 'pointer' }} title={`Only dashboards with the tag ${t}`} onClick={() => onTag(t)}>
            {t}
          </Badge>
        ))}
      </Group>
    ),
  },
  { key: 'tiles', label: 'Tiles', numeric: true, value: (d) => d.tiles, render: (d) => d.tiles },
  {
    key: 'changed',
    label: 'Changed',
    hint: 'When it was last changed, and by whom',
    value: (d) => d.changed ?? null,
    render: (d) => (
      <Text size="sm">
        {d.changed !== undefined && <Ago at={d.changed} />}
        {d.by !== '' && ` by ${d.by}`}
      </Text>
    ),
  },
  {
    key: 'provisioned',
    label: 'Kept by',
    hint: 'People change their dashboards here; provisioned ones are changed only by what provides them',
    value: (d) => (d.provisioned ? 1 : 0),
    render: (d) =>
      d.provisioned ? (
        <Badge variant="default" tt="none" leftSection={<IconLock size={11} aria-hidden />}>
          {d.source === 'builtin' ? 'this version of Endscope' : d.source}
        </Badge>
      ) : (
        <Text size="sm">people</Text>
      ),
  },
];

/** All dashboards. */
export function Component() {
  const { view } = usePageView();
  const { params, set } = useParamState();
  const [sort, setSort] = useSort({ key: 'title', descending: false });
  const [making, make] = useDisclosure(false);
  const [importing, imports] = useDisclosure(false);
  const asked = useResources('dashboards', view.refresh);
  const [search, tag] = [params.get('search') ?? '', params.get('tag') ?? ''];
  const names = (asked.data ?? []).map((d) => d.name);
  const tags = tagsOf((asked.data ?? []).map(listed));
  return (
    <>
      <PageHead title="Dashboards" timed={false}>
        <Group gap="xs">
          <Button size="xs" variant="default" leftSection={<IconUpload size={14} aria-hidden />} onClick={imports.open}>
            Import
          </Button>
          <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={make.open}>
            New dashboard
          </Button>
        </Group>
      </PageHead>
      <Stack gap="sm">
        <Group gap="xs">
          <TextInput size="xs" w={260} type="search" aria-label="Search" placeholder="Search by title, description or tag" value={search} onChange={(e) => set({ search: e.currentTarget.value })} />
          {tags.map((t) => (
            <Badge key={t} component="button" type="button" variant={t === tag ? 'filled' : 'default'} tt="none" aria-pressed={t === tag} style={{ cursor: 'pointer' }} onClick={() => set({ tag: t === tag ? null : t })}>
              {t}
            </Badge>
          ))}
        </Group>
        <Panel
          asked={asked}
          height={240}
          isEmpty={(all) => all.length === 0}
          empty={
            <>
              There is no dashboard yet. A new one takes charts of any metric, queries of the logs and texts; “Pin to a dashboard” in the menu of every chart puts that chart onto one.
            </>
          }
        >
          {(all) => {
            const rows = matching(all.map(listed), search, tag);
            if (rows.length === 0) return <Empty height={120}>{`None of the ${all.length} dashboards matches.`}</Empty>;
            return <DataTable label="Dashboards" columns={columns((t) => set({ tag: t }))} rows={rows} rowKey={(d) => d.name} sort={sort} onSort={setSort} />;
          }}
        </Panel>
      </Stack>
      {making && <NewModal taken={names} onClose={make.close} />}
      {importing && <ImportModal taken={names} onClose={imports.close} />}
    </>
  );
}
