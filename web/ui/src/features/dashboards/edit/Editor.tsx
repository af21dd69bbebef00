import { Alert, Button, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { PageHead } from '@/components/PageHead';
import { ProblemBox } from '@/components/Panel';
import { readDashboard, titleOf, writeDashboard, type Tile } from '@/lib/dashboard';
import { inReadingOrder } from '@/lib/dashboardGrid';
import { ChangeList } from '@/panels/resources/ChangeList';
import { LeaveGuard } from '@/panels/resources/LeaveGuard';
import type { ResourceDocument } from '@/panels/resources/types';
import { useResourceForm } from '@/panels/resources/useResourceForm';
import { useParamState } from '@/view/params';
import { Copy } from '../PageMenu';
import { useValues } from '../useDashboard';
import { VariablesBar } from '../view/VariablesBar';
import { withoutRepeats } from '../withoutRepeats';
import { EditBar } from './EditBar';
import { EditGrid } from './EditGrid';
import { SettingsForm } from './SettingsForm';
import { TileForm } from './TileForm';
import { byTile, inWords, isFull, withCopy, withoutTile, withTile, wrongTiles } from './tiles';
import { useDraft } from './useDraft';

interface Props {
  document: ResourceDocument;
  above: readonly { to: string; label: string }[];
  /** Opens the editor anew with what is stored now. */
  onReload: () => void;
}

/** A dashboard under edit. Nothing is stored before it is saved. */
export function Editor({ document, above, onReload }: Props) {
  const [opened] = useState(() => {
    const read = readDashboard(document);
    return { ...read, tiles: inReadingOrder(read.tiles) };
  });
  const draft = useDraft(opened);
  const { dashboard, change } = draft;
  const { set } = useParamState();
  const { values } = useValues(dashboard.variables);
  const form = useResourceForm('dashboards', document);
  const [tile, setTile] = useState<Tile>();
  const [settings, setSettings] = useDisclosure(false);
  const [copying, copy] = useDisclosure(false);
  const [leaving, setLeaving] = useState(false);
  const { dirty } = draft;
  // Whoever went on while it was being saved goes on.
  if (leaving && (dirty || tile !== undefined || settings || copying)) setLeaving(false);
  useEffect(() => {
    if (leaving && !dirty) set({ edit: null });
  }, [leaving, dirty, set]);
  const save = () =>
    form.save(writeDashboard(dashboard), () => {
      draft.markStored(dashboard);
      setLeaving(true);
    });
  const mistakes = form.problem?.mistakes ?? [];
  const problem = form.problem === undefined ? undefined : withoutRepeats(form.problem, (m) => inWords(m, dashboard));
  return (
    <>
      <PageHead title={titleOf(dashboard)} above={above} />
      <EditBar draft={draft} saving={form.saving} blocked={form.conflict !== undefined} anew={form.deleted} full={isFull(dashboard)} onAdd={setTile} onSettings={setSettings.open} onCopy={copy.open} onSave={save} onClose={() => set({ edit: null })} />
      {form.conflict !== undefined && (
        <Alert color="orange" variant="light" icon={<IconAlertTriangle />} title="Somebody else changed it meanwhile" role="alert" mb="sm">
          <Text size="sm">
            {form.conflict.updatedBy ?? 'Somebody'} stored version {form.conflict.version} since you opened this:
          </Text>
          <ChangeList before={byTile(document)} after={byTile(form.conflict)} />
          <Group gap="xs" mt="xs">
            <Button size="compact-sm" variant="default" onClick={onReload}>
              Take theirs, drop mine
            </Button>
            <Button size="compact-sm" variant="default" onClick={copy.open}>
              Save mine as a copy
            </Button>
            <Button size="compact-sm" variant="default" onClick={form.ignoreConflict}>
              Go on with mine, over theirs
            </Button>
          </Group>
        </Alert>
      )}
      {form.deleted && (
        <Alert color="orange" variant="light" icon={<IconAlertTriangle />} title="It was deleted meanwhile" role="alert" mb="sm">
          <Text size="sm">What you have here is kept. Saving makes the dashboard anew.</Text>
        </Alert>
      )}
      {problem !== undefined && <ProblemBox problem={problem} />}
      <VariablesBar variables={dashboard.variables} />
      <EditGrid
        tiles={dashboard.tiles}
        values={values}
        wrong={wrongTiles(mistakes, dashboard)}
        mayCopy={!isFull(dashboard)}
        onArrange={(tiles) => change((d) => ({ ...d, tiles }))}
        onEdit={(id) => setTile(dashboard.tiles.find((t) => t.id === id))}
        onCopy={(id) => change((d) => withCopy(d, id))}
        onRemove={(id) => change((d) => withoutTile(d, id))}
      />
      {dashboard.tiles.length === 0 && (
        <Text size="sm" c="dimmed" ta="center" p="xl">
          Nothing is on it yet: add a chart, a query of the logs or a text.
        </Text>
      )}
      {tile !== undefined && (
        <TileForm
          tile={tile}
          isNew={!dashboard.tiles.some((t) => t.id === tile.id)}
          variables={dashboard.variables}
          onApply={(next) => {
            change((d) => withTile(d, next));
            setTile(undefined);
          }}
          onClose={() => setTile(undefined)}
        />
      )}
      {settings && (
        <SettingsForm
          dashboard={dashboard}
          onApply={(next) => {
            change(() => next);
            setSettings.close();
          }}
          onClose={setSettings.close}
        />
      )}
      {copying && <Copy dashboard={dashboard} onClose={copy.close} />}
      <LeaveGuard dirty={dirty && !copying} parts={['edit']} />
    </>
  );
}
