import { ActionIcon, Button, Group, Menu, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconArrowBackUp, IconArrowForwardUp, IconChartLine, IconCompass, IconListDetails, IconPlus, IconSettings, IconTextCaption } from '@tabler/icons-react';
import { Link, useSearchParams } from 'react-router';
import { emptySpec } from '@/lib/chartspec';
import { mostTiles, type Tile } from '@/lib/dashboard';
import { carryView } from '@/lib/urlstate';
import classes from './Edit.module.css';
import { newTile } from './tiles';
import type { useDraft } from './useDraft';

interface Props {
  draft: ReturnType<typeof useDraft>;
  saving: boolean;
  /** Whether it cannot be saved before somebody decided about a conflict. */
  blocked: boolean;
  /** Whether saving makes it anew, changed or not. */
  anew: boolean;
  /** Whether no more tiles fit. */
  full: boolean;
  onAdd: (tile: Tile) => void;
  onSettings: () => void;
  onCopy: () => void;
  onSave: () => void;
  onClose: () => void;
}

const icon = { size: 16, 'aria-hidden': true } as const;

/** What an edit is done with. It stays in sight. */
export function EditBar({ draft, saving, blocked, anew, full, onAdd, onSettings, onCopy, onSave, onClose }: Props) {
  const [search] = useSearchParams();
  const { dashboard, dirty } = draft;
  const maySave = (dirty || anew) && !blocked;
  useHotkeys([
    ['mod+Z', draft.undo],
    ['mod+shift+Z', draft.redo],
    ['mod+Y', draft.redo],
    ['mod+S', () => maySave && !saving && onSave()],
  ]);
  const add = (content: Parameters<typeof newTile>[1]) => onAdd(newTile(dashboard, content));
  return (
    <Group className={classes.editbar} gap="xs" justify="space-between" role="toolbar" aria-label="Edit the dashboard">
      <Group gap="xs">
        <Menu position="bottom-start" width={260} shadow="md">
          <Menu.Target>
            <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} disabled={full} title={full ? `A dashboard has at most ${mostTiles} tiles` : undefined}>
              Add
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconChartLine {...icon} />} onClick={() => add({ kind: 'chart', chart: { ...emptySpec, scopes: [dashboard.variables.some((v) => v.name === 'endpoint') ? '$endpoint' : '*'] } })}>
              Chart
            </Menu.Item>
            <Menu.Item leftSection={<IconListDetails {...icon} />} onClick={() => add({ kind: 'logs', logs: { query: 'AmlOnlineEndpointTrafficLog\n| summarize count() by bin(TimeGenerated, 1m)\n| render timechart', scopes: [] } })}>
              Query of the logs
            </Menu.Item>
            <Menu.Item leftSection={<IconTextCaption {...icon} />} onClick={() => add({ kind: 'text', text: '' })}>
              Text
            </Menu.Item>
            <Menu.Divider />
            <Menu.Item leftSection={<IconCompass {...icon} />} component={Link} to={`/explore${carryView(search, { pin: dashboard.name })}`}>
              Look for a chart in the explorer, and pin it
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <Button size="xs" variant="default" leftSection={<IconSettings size={14} aria-hidden />} onClick={onSettings}>
          Settings
        </Button>
        <Button.Group>
          <ActionIcon variant="default" size={30} aria-label="Undo" title="Undo (Ctrl+Z)" disabled={!draft.canUndo} onClick={draft.undo}>
            <IconArrowBackUp size={16} />
          </ActionIcon>
          <ActionIcon variant="default" size={30} aria-label="Redo" title="Redo (Ctrl+Shift+Z)" disabled={!draft.canRedo} onClick={draft.redo}>
            <IconArrowForwardUp size={16} />
          </ActionIcon>
        </Button.Group>
        <Text size="xs" c="dimmed" role="status">
          {dirty ? 'Not saved yet' : ''}
        </Text>
      </Group>
      <Group gap="xs">
        <Button size="xs" variant="subtle" onClick={onCopy}>
          Save as a copy
        </Button>
        <Button size="xs" variant="default" onClick={onClose}>
          {dirty ? 'Cancel' : 'Done'}
        </Button>
        <Button size="xs" loading={saving} disabled={!maySave} onClick={onSave} title="Save (Ctrl+S)">
          Save
        </Button>
      </Group>
    </Group>
  );
}
