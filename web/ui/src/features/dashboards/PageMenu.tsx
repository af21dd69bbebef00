import { ActionIcon, Button, Group, Menu, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCode, IconCopy, IconDots, IconDownload, IconHistory, IconLayoutDashboard, IconPencil, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { copyText, saveFile } from '@/components/copy';
import type { Dashboard } from '@/lib/dashboard';
import { carryView } from '@/lib/urlstate';
import { DeleteDialog } from '@/panels/resources/DeleteButton';
import { useResources } from '@/panels/resources/queries';
import type { ResourceDocument } from '@/panels/resources/types';
import { useParamState } from '@/view/params';
import { exported, exportName } from './exports';
import { NewModal } from './NewModal';

const icon = { size: 16, 'aria-hidden': true } as const;

/** What can be done with a dashboard as a whole. */
export function PageMenu({ document, dashboard }: { document: ResourceDocument; dashboard: Dashboard }) {
  const { params, set } = useParamState();
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const [copying, copy] = useDisclosure(false);
  const [deleting, remove] = useDisclosure(false);
  const [note, setNote] = useState('');
  const provisioned = document.provisioned === true;
  const history = params.get('tab') === 'history';
  const tell = (text: string) => {
    setNote(text);
    setTimeout(() => setNote(''), 4000);
  };
  return (
    <Group gap="xs" wrap="nowrap">
      <Text size="xs" c="dimmed" role="status">
        {note}
      </Text>
      {provisioned ? (
        <Button size="xs" variant="default" leftSection={<IconCopy size={14} aria-hidden />} onClick={copy.open}>
          Save a copy
        </Button>
      ) : (
        <Button size="xs" variant="default" leftSection={<IconPencil size={14} aria-hidden />} onClick={() => set({ edit: '1', tab: null, tile: null })}>
          Edit
        </Button>
      )}
      <Menu position="bottom-end" width={200} shadow="md">
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label="Actions of the dashboard">
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {!provisioned && (
            <Menu.Item leftSection={<IconCopy {...icon} />} onClick={copy.open}>
              Save a copy
            </Menu.Item>
          )}
          <Menu.Item leftSection={<IconDownload {...icon} />} onClick={() => saveFile(exportName(dashboard), exported(dashboard), 'application/json')}>
            Export as a file
          </Menu.Item>
          <Menu.Item leftSection={<IconCode {...icon} />} onClick={() => void copyText(exported(dashboard)).then((ok) => tell(ok ? 'JSON copied' : 'Could not copy; export it as a file'))}>
            Copy its JSON
          </Menu.Item>
          <Menu.Item leftSection={history ? <IconLayoutDashboard {...icon} /> : <IconHistory {...icon} />} onClick={() => set({ tab: history ? null : 'history' })}>
            {history ? 'Back to the dashboard' : 'History'}
          </Menu.Item>
          {!provisioned && (
            <>
              <Menu.Divider />
              <Menu.Item leftSection={<IconTrash {...icon} />} onClick={remove.open}>
                Delete
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {copying && <Copy dashboard={dashboard} onClose={copy.close} />}
      {deleting && <DeleteDialog kind="dashboards" name={document.name} etag={document.etag} consequence="Nobody sees it any more, and links to it lead nowhere." onClose={remove.close} onDeleted={() => void navigate(`/dashboards${carryView(search)}`)} />}
    </Group>
  );
}

/** Asks for the name of a copy; names that are taken are known. */
export function Copy({ dashboard, onClose }: { dashboard: Dashboard; onClose: () => void }) {
  const all = useResources('dashboards', 0);
  return <NewModal taken={(all.data ?? []).map((d) => d.name)} from={dashboard} onClose={onClose} />;
}
