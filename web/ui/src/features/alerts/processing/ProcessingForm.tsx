import { Fieldset, MultiSelect, Paper, SegmentedControl, Stack, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import { LeaveGuard } from '@/panels/resources/LeaveGuard';
import { useResources } from '@/panels/resources/queries';
import { useResourceForm } from '@/panels/resources/useResourceForm';
import { useUnsaved } from '@/panels/resources/useUnsaved';
import { SaveBar } from '../SaveBar';
import { ScopesInput } from '../ScopesInput';
import type { ResourceDocument } from '../types';
import { Conditions } from './Conditions';
import { processingOfDraft, type ProcessingDraft } from './draft';
import { Schedule } from './Schedule';

const parts = ['tab'];

interface Props {
  initial: ProcessingDraft;
  stored?: ResourceDocument;
  onSaved: (stored: ResourceDocument) => void;
  onReload: () => void;
}

/** A rule about who is told of alerts as they fire: of some nobody, or more groups. */
export function ProcessingForm({ initial, stored, onSaved, onReload }: Props) {
  const [draft, setDraft] = useState(initial);
  const form = useResourceForm('processing-rules', stored);
  const unsaved = useUnsaved(draft);
  const groups = useResources('action-groups', 0);
  const change = (part: Partial<ProcessingDraft>) => setDraft((before) => ({ ...before, ...part }));
  const { errorOf } = form;
  return (
    <form
      aria-label={stored === undefined ? 'New processing rule' : `Processing rule ${stored.name}`}
      style={{ maxWidth: 900 }}
      onSubmit={(e) => {
        e.preventDefault();
        form.save(processingOfDraft(draft), (now) => unsaved.markStored(draft, () => onSaved(now)));
      }}
    >
      <Fieldset disabled={stored?.provisioned === true} variant="unstyled" p={0}>
        <Stack gap="md">
          <Paper withBorder p="sm">
            <Stack gap="sm">
              <TextInput label="Name" withAsterisk value={draft.name} disabled={stored !== undefined} onChange={(e) => change({ name: e.currentTarget.value })} error={errorOf('name')} />
              <TextInput label="Description" value={draft.description} onChange={(e) => change({ description: e.currentTarget.value })} error={errorOf('description')} />
              <Switch label="Enabled" checked={draft.enabled} onChange={(e) => change({ enabled: e.currentTarget.checked })} />
            </Stack>
          </Paper>
          <Paper withBorder p="sm">
            <Stack gap="sm">
              <SegmentedControl
                aria-label="What it does"
                data={[
                  { value: 'suppress', label: 'Nobody is told' },
                  { value: 'add', label: 'More groups are told' },
                ]}
                value={draft.suppress ? 'suppress' : 'add'}
                onChange={(v) => change({ suppress: v === 'suppress' })}
              />
              {!draft.suppress && <MultiSelect label="Groups" withAsterisk data={[...new Set([...(groups.data ?? []).map((g) => g.name), ...draft.groups])]} value={draft.groups} onChange={(v) => change({ groups: v })} maxValues={10} searchable nothingFoundMessage="There is no action group of that name" error={errorOf('actions')} />}
              <ScopesInput label="Of alerts at or below" description="All alerts, if empty" value={draft.scopes} onChange={(scopes) => change({ scopes })} error={errorOf('scopes')} />
              <Conditions value={draft.conditions} onChange={(conditions) => change({ conditions })} error={errorOf('conditions')} />
            </Stack>
          </Paper>
          <Paper withBorder p="sm">
            <Schedule draft={draft} onChange={change} errorOf={errorOf} />
          </Paper>
          {stored?.provisioned !== true && <SaveBar form={form} label={stored === undefined ? 'Make the rule' : 'Save'} stored={stored} onReload={onReload} />}
        </Stack>
      </Fieldset>
      <LeaveGuard dirty={unsaved.dirty} parts={parts} />
    </form>
  );
}
