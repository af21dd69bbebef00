import { Button, Fieldset, Group, Menu, Paper, Stack, Switch, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { LeaveGuard } from '@/panels/resources/LeaveGuard';
import { useResourceForm } from '@/panels/resources/useResourceForm';
import { useUnsaved } from '@/panels/resources/useUnsaved';
import { SaveBar } from '../SaveBar';
import type { ResourceDocument } from '../types';
import { groupOfDraft, moreError, newReceiver, receiverPath, type GroupDraft, type ReceiverDraft } from './draft';
import { ReceiverFields } from './ReceiverFields';
import { receiverTypes } from './receivers';
import { TestGroup } from './TestGroup';

const parts = ['tab'];

interface Props {
  initial: GroupDraft;
  stored?: ResourceDocument;
  onSaved: (stored: ResourceDocument) => void;
  onReload: () => void;
}

/** Who is told, and how. */
export function GroupForm({ initial, stored, onSaved, onReload }: Props) {
  const [draft, setDraft] = useState(initial);
  const form = useResourceForm('action-groups', stored);
  const unsaved = useUnsaved(draft);
  const change = (part: Partial<GroupDraft>) => setDraft((before) => ({ ...before, ...part }));
  const changeReceiver = (index: number, part: Partial<ReceiverDraft>) => setDraft((before) => ({ ...before, receivers: before.receivers.map((r, i) => (i === index ? { ...r, ...part } : r)) }));
  const broken = draft.receivers.some((r) => moreError(r.more) !== undefined);
  const group = groupOfDraft(draft);
  return (
    <form
      aria-label={stored === undefined ? 'New action group' : `Action group ${stored.name}`}
      style={{ maxWidth: 900 }}
      onSubmit={(e) => {
        e.preventDefault();
        if (!broken) form.save(group, (now) => unsaved.markStored(draft, () => onSaved(now)));
      }}
    >
      <Fieldset disabled={stored?.provisioned === true} variant="unstyled" p={0}>
        <Stack gap="md">
          <Paper withBorder p="sm">
            <Stack gap="sm">
              <Group gap="sm" align="flex-start">
                <TextInput label="Name" withAsterisk flex={1} miw={200} value={draft.name} disabled={stored !== undefined} onChange={(e) => change({ name: e.currentTarget.value })} error={form.errorOf('name')} />
                <TextInput label="Short name" w={160} maxLength={12} value={draft.shortName} onChange={(e) => change({ shortName: e.currentTarget.value })} error={form.errorOf('groupShortName')} />
              </Group>
              <Switch label="Enabled" description="Off: nobody is told" checked={draft.enabled} onChange={(e) => change({ enabled: e.currentTarget.checked })} />
            </Stack>
          </Paper>
          <Group justify="space-between">
            <Title order={2} size="h5">
              Receivers
            </Title>
            <Menu position="bottom-end">
              <Menu.Target>
                <Button size="xs" variant="default">
                  Add a receiver
                </Button>
              </Menu.Target>
              <Menu.Dropdown mah={360} style={{ overflowY: 'auto' }}>
                {receiverTypes.map((t) => (
                  <Menu.Item key={t.array} onClick={() => change({ receivers: [...draft.receivers, newReceiver(t.array, draft.receivers)] })}>
                    {t.label}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          </Group>
          {draft.receivers.length === 0 && (
            <Text size="sm" c="dimmed">
              Nobody yet. A group without receivers tells nobody.
            </Text>
          )}
          {draft.receivers.map((r, i) => (
            <ReceiverFields key={i} receiver={r} path={receiverPath(draft, i)} onChange={(part) => changeReceiver(i, part)} onRemove={() => change({ receivers: draft.receivers.filter((_, k) => k !== i) })} errorOf={form.errorOf} />
          ))}
          {stored?.provisioned !== true && <SaveBar form={form} label={stored === undefined ? 'Make the group' : 'Save'} stored={stored} onReload={onReload} />}
        </Stack>
      </Fieldset>
      {draft.receivers.length > 0 && !broken && (
        <Paper withBorder p="sm" mt="md">
          <TestGroup group={group} />
        </Paper>
      )}
      <LeaveGuard dirty={unsaved.dirty} parts={parts} />
    </form>
  );
}
