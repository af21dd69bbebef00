import { Accordion, Group, Select, Stack, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ResourceForm } from '@/panels/resources/useResourceForm';
import type { RuleDraft } from './draft';

interface Props {
  draft: RuleDraft;
  onChange: (part: Partial<RuleDraft>) => void;
  errorOf: ResourceForm['errorOf'];
}

const noData = [
  { value: 'ignore', label: 'Holds for nothing: the check is not met' },
  { value: 'alert', label: 'Fires' },
  { value: 'keepState', label: 'Is passed over: an open alert stays open' },
];

/** What most rules leave as it is. */
export function Furthermore({ draft, onChange, errorOf }: Props) {
  const fields = ['filter', 'noDataPolicy', 'gracePeriod', 'runbookUrl', 'muteActionsDuration', 'labels', 'customProperties'];
  const wrong = fields.some((f) => errorOf(f) !== undefined);
  const [open, setOpen] = useState<string | null>(null);
  return (
    <Accordion variant="default" chevronPosition="left" value={wrong ? 'more' : open} onChange={setOpen}>
      <Accordion.Item value="more">
        <Accordion.Control>Furthermore</Accordion.Control>
        <Accordion.Panel>
          <Stack gap="sm">
            <Switch label="Enabled" checked={draft.enabled} onChange={(e) => onChange({ enabled: e.currentTarget.checked })} />
            <Switch label="Resolves by itself" description="Off: each check that holds is an alert of its own, which never resolves" checked={draft.autoMitigate} onChange={(e) => onChange({ autoMitigate: e.currentTarget.checked })} />
            {!draft.autoMitigate && <TextInput label="Quiet after an alert for" w={200} placeholder="PT30M" value={draft.mute} onChange={(e) => onChange({ mute: e.currentTarget.value })} error={errorOf('muteActionsDuration')} />}
            {draft.kind === 'metric' && (
              <>
                <TextInput label="Filter" description="Narrows what every condition looks at, such as statusCode eq '500'" value={draft.filter} onChange={(e) => onChange({ filter: e.currentTarget.value })} error={errorOf('filter')} />
                <Select label="A check without data" w={320} data={noData} value={draft.noData} onChange={(v) => onChange({ noData: v ?? 'ignore' })} allowDeselect={false} error={errorOf('noDataPolicy')} />
              </>
            )}
            <Group gap="sm" align="flex-start">
              <TextInput label="Waits for late data" w={160} placeholder="the server’s" value={draft.grace} onChange={(e) => onChange({ grace: e.currentTarget.value })} error={errorOf('gracePeriod')} />
              <TextInput label="Run-book" flex={1} miw={180} placeholder="https://… or /runbooks/…" value={draft.runbook} onChange={(e) => onChange({ runbook: e.currentTarget.value })} error={errorOf('runbookUrl')} />
            </Group>
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
