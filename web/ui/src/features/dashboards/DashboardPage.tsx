import { Alert, Group, Text } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useState } from 'react';
import { useParams } from 'react-router';
import { asProblem } from '@/api/problem';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { titleOf } from '@/lib/dashboard';
import { plain } from '@/lib/dashboardVariables';
import { useResource } from '@/panels/resources/queries';
import { ResourceHistory } from '@/panels/resources/ResourceHistory';
import type { ResourceDocument } from '@/panels/resources/types';
import { useParamState } from '@/view/params';
import { usePageView } from '@/view/view';
import { Editor } from './edit/Editor';
import { PageMenu } from './PageMenu';
import { useRead, useValues } from './useDashboard';
import { useOpeningTime } from './useOpeningTime';
import { TileGrid } from './view/TileGrid';
import { VariablesBar } from './view/VariablesBar';

const above = [{ to: '/dashboards', label: 'Dashboards' }];

/** One dashboard: looked at, edited, or its history. */
export function Component() {
  const { name = '' } = useParams();
  const asked = useResource('dashboards', name);
  const { params } = useParamState();
  const gone = asked.error !== null && asProblem(asked.error).status === 404;
  // Who edits one that somebody else deletes keeps what they have.
  const edited = params.get('edit') === '1' && asked.data !== undefined && asked.data.provisioned !== true;
  if (gone && !edited) return <Gone name={name} />;
  if (asked.data === undefined) {
    return (
      <>
        <PageHead title={name} above={above} />
        <Panel asked={asked} height={400}>
          {() => null}
        </Panel>
      </>
    );
  }
  return <Opened key={name} document={asked.data} />;
}

/** What is left of a dashboard that was deleted: its history, from which it can be restored. */
function Gone({ name }: { name: string }) {
  const { view } = usePageView();
  return (
    <>
      <PageHead title={name} above={above} timed={false} />
      <Text size="sm" mb="sm">
        There is no dashboard of this name now. If it was deleted, a version below brings it back.
      </Text>
      <ResourceHistory kind="dashboards" name={name} current={undefined} utc={view.utc} onRestored={() => undefined} />
    </>
  );
}

function Opened({ document }: { document: ResourceDocument }) {
  const { params, set } = useParamState();
  const { view } = usePageView();
  // An edit goes on with what it began with; what others store meanwhile is told, and taken on demand.
  const [edited, setEdited] = useState({ document, round: 0 });
  const provisioned = document.provisioned === true;
  const editing = params.get('edit') === '1' && !provisioned;
  const [wasEditing, setWasEditing] = useState(editing);
  if (editing !== wasEditing) {
    setWasEditing(editing);
    if (editing) setEdited((before) => ({ document, round: before.round + 1 }));
  }
  const dashboard = useRead(document);
  const timed = useOpeningTime(dashboard.time);
  if (editing) return <Editor key={edited.round} document={edited.document} above={above} onReload={() => setEdited((before) => ({ document, round: before.round + 1 }))} />;
  if (params.get('tab') === 'history') {
    return (
      <>
        <PageHead title={titleOf(dashboard)} above={above} timed={false}>
          <PageMenu document={document} dashboard={dashboard} />
        </PageHead>
        <ResourceHistory key={document.etag} kind="dashboards" name={document.name} current={document} utc={view.utc} onRestored={() => set({ tab: null })} />
      </>
    );
  }
  return <Viewed document={document} timed={timed} />;
}

function Viewed({ document, timed }: { document: ResourceDocument; timed: boolean }) {
  const dashboard = useRead(document);
  const { values } = useValues(dashboard.variables);
  return (
    <>
      <PageHead title={plain(titleOf(dashboard), values)} above={above}>
        <PageMenu document={document} dashboard={dashboard} />
      </PageHead>
      {document.provisioned === true && (
        <Alert variant="light" color="gray" icon={<IconLock />} p="xs" mb="sm">
          <Text size="sm">{document.source === 'builtin' ? 'It comes with Endscope, and changes with it. To change it yourself, save a copy.' : `Provided by ${document.source ?? 'a source'}, and changed only there. To change it here, save a copy.`}</Text>
        </Alert>
      )}
      {dashboard.description !== '' && (
        <Text size="sm" c="dimmed" mb="xs" maw={900}>
          {plain(dashboard.description, values)}
        </Text>
      )}
      <VariablesBar variables={dashboard.variables} />
      {dashboard.tiles.length === 0 ? (
        <Group justify="center" p="xl">
          <Text size="sm" c="dimmed" ta="center">
            There is nothing on it yet. Edit it to add charts, logs and texts, or pin charts from any other page.
          </Text>
        </Group>
      ) : (
        timed && <TileGrid tiles={dashboard.tiles} values={values} />
      )}
    </>
  );
}
