import { Anchor, Button, Group, Modal, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { asProblem } from '@/api/problem';
import { ProblemBox } from '@/components/Panel';
import { freeName, nameOf } from '@/lib/dashboard';
import { carryView } from '@/lib/urlstate';
import { useResources } from '../resources/queries';
import type { ResourceDocument } from '../resources/types';
import { usePin, type Pinned } from './usePin';

const lastKey = 'endscope.pin';

interface Props {
  pinned: Pinned;
  onClose: () => void;
}

/** Asks for the dashboard that a tile goes to, puts it there, and says where it went. */
export default function PinModal({ pinned, onClose }: Props) {
  const dashboards = useResources('dashboards', 0);
  return (
    <Modal opened onClose={onClose} title="Pin to a dashboard" centered>
      {dashboards.error !== null && dashboards.data === undefined ? (
        <ProblemBox problem={asProblem(dashboards.error)} onRetry={() => void dashboards.refetch()} />
      ) : dashboards.data === undefined ? (
        <Text size="sm" role="status">
          Looking which dashboards there are
        </Text>
      ) : (
        <PinForm pinned={pinned} dashboards={dashboards.data} onClose={onClose} />
      )}
    </Modal>
  );
}

function PinForm({ pinned, dashboards, onClose }: Props & { dashboards: readonly ResourceDocument[] }) {
  const [search] = useSearchParams();
  const own = dashboards.filter((d) => d.provisioned !== true);
  const preferred = [search.get('pin'), localStorage.getItem(lastKey)].find((name) => own.some((d) => d.name === name));
  const [name, setName] = useState(preferred ?? own[0]?.name ?? null);
  const [fresh, setFresh] = useState(own.length === 0);
  const [title, setTitle] = useState(pinned.title.slice(0, 120));
  const [newTitle, setNewTitle] = useState('');
  const pin = usePin();
  const newName = freeName(
    nameOf(newTitle) || 'dashboard',
    dashboards.map((d) => d.name),
  );
  const ready = fresh ? newTitle.trim() !== '' : name !== null;

  if (pin.isSuccess) {
    return (
      <Stack gap="sm">
        <Text size="sm" role="status">
          Pinned to{' '}
          <Anchor component={Link} to={`/dashboards/${encodeURIComponent(pin.data.name)}${carryView(search, { tile: pin.data.tile })}`} onClick={onClose}>
            {pin.data.title}
          </Anchor>
          .
        </Text>
        <Group justify="flex-end">
          <Button size="xs" variant="default" onClick={onClose} data-autofocus>
            Stay here
          </Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        e.stopPropagation();
        if (!ready) return;
        if (!fresh && name !== null) localStorage.setItem(lastKey, name);
        pin.mutate({ pinned: { ...pinned, title: title.trim() }, target: fresh ? { kind: 'new', name: newName, title: newTitle.trim() } : { kind: 'stored', name: name ?? '' } });
      }}
    >
      <Stack gap="sm">
        <SegmentedControl
          size="xs"
          aria-label="Where"
          value={fresh ? 'new' : 'stored'}
          onChange={(v) => setFresh(v === 'new')}
          data={[
            { value: 'stored', label: 'A dashboard that is there', disabled: own.length === 0 },
            { value: 'new', label: 'A new one' },
          ]}
        />
        {fresh ? (
          <TextInput label="Title of the dashboard" data-autofocus value={newTitle} maxLength={120} onChange={(e) => setNewTitle(e.currentTarget.value)} description={newTitle.trim() === '' ? 'What it will be about' : `Its address will be /dashboards/${newName}`} />
        ) : (
          <Select
            label="Dashboard"
            data-autofocus
            searchable
            allowDeselect={false}
            nothingFoundMessage="No dashboard is called so"
            data={own.map((d) => ({ value: d.name, label: typeof d.title === 'string' && d.title !== '' ? d.title : d.name }))}
            value={name}
            onChange={setName}
            description={own.length < dashboards.length ? 'Provisioned dashboards are not listed: only their source changes them' : undefined}
          />
        )}
        <TextInput label="Title of the tile" value={title} maxLength={120} onChange={(e) => setTitle(e.currentTarget.value)} />
        {pin.error !== null && <ProblemBox problem={asProblem(pin.error)} />}
        <Group justify="flex-end">
          <Button size="xs" variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button size="xs" type="submit" loading={pin.isPending} disabled={!ready}>
            Pin
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
