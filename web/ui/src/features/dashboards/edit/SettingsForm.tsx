import { Button, Group, Modal, Stack, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Dashboard } from '@/lib/dashboard';
import { any } from '@/lib/dashboardVariables';
import { parseLength } from '@/lib/time';
import { VariableFields } from './VariableFields';
import { variableMistakes } from './variableMistakes';

interface Props {
  dashboard: Dashboard;
  onApply: (dashboard: Dashboard) => void;
  onClose: () => void;
}

/** Title, description, tags, the time that it opens with, and variables. */
export function SettingsForm({ dashboard: given, onApply, onClose }: Props) {
  const [dashboard, setDashboard] = useState(given);
  const change = (part: Partial<Dashboard>) => setDashboard((d) => ({ ...d, ...part }));
  const { time, variables } = dashboard;
  const lastWrong = time.last !== '' && parseLength(time.last) === undefined;
  const refreshWrong = time.refresh !== '' && time.refresh !== 'off' && parseLength(time.refresh) === undefined;
  const mistakes = variableMistakes(variables);
  const wrong = lastWrong || refreshWrong || mistakes.some((m) => m !== undefined);
  return (
    <Modal opened onClose={onClose} title="Settings of the dashboard" size="xl">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (!wrong) onApply({ ...dashboard, title: dashboard.title.trim(), variables: variables.map((v) => (v.kind !== 'text' && v.default === '' ? { ...v, default: any } : v)) });
        }}
      >
        <Stack gap="sm">
          <TextInput label="Title" data-autofocus maxLength={120} value={dashboard.title} placeholder={dashboard.name} onChange={(e) => change({ title: e.currentTarget.value })} />
          <Textarea label="Description" autosize minRows={2} maxLength={1000} value={dashboard.description} onChange={(e) => change({ description: e.currentTarget.value })} />
          <TagsInput label="Tags" maxTags={20} value={dashboard.tags} onChange={(tags) => change({ tags })} />
          <Group gap="sm" align="flex-start">
            <TextInput label="Opens with the last" description="Such as 1h or 7d; empty for what every page has" flex={1} miw={200} placeholder="1h" value={time.last} onChange={(e) => change({ time: { ...time, last: e.currentTarget.value.trim() } })} error={lastWrong ? 'must be a length such as 90m, 4h or 7d' : undefined} />
            <TextInput label="Refreshes every" description="Such as 10s or 1m, or off" flex={1} miw={200} placeholder="10s" value={time.refresh} onChange={(e) => change({ time: { ...time, refresh: e.currentTarget.value.trim() } })} error={refreshWrong ? 'must be a length such as 10s, or off' : undefined} />
          </Group>
          <VariableFields dashboard={dashboard} mistakes={mistakes} onChange={(v) => change({ variables: v })} />
          <Group justify="flex-end">
            <Button size="xs" variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button size="xs" type="submit" disabled={wrong}>
              Apply
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
