import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { ProblemBox } from '@/components/Panel';
import { ChangeList } from '@/panels/resources/ChangeList';
import { withoutInfo } from '@/panels/resources/document';
import type { ResourceForm } from '@/panels/resources/useResourceForm';
import type { ResourceDocument } from './types';

interface Props {
  form: ResourceForm;
  label: string;
  /** What was stored as the form was opened. */
  stored: ResourceDocument | undefined;
  /** Opens the form anew with what is stored now. */
  onReload: () => void;
}

/** The end of a form: what is wrong, who else changed it, and the button that saves. */
export function SaveBar({ form, label, stored, onReload }: Props) {
  return (
    <Stack gap="xs">
      {form.conflict !== undefined && (
        <Alert color="orange" variant="light" icon={<IconAlertTriangle />} title="Somebody else changed it meanwhile" role="alert" styles={{ title: { color: 'inherit' }, label: { color: 'var(--mantine-color-text)' } }}>
          <Text size="sm">
            {form.conflict.updatedBy ?? 'Somebody'} stored version {form.conflict.version} since you opened this:
          </Text>
          <ChangeList before={stored === undefined ? undefined : withoutInfo(stored)} after={withoutInfo(form.conflict)} />
          <Group gap="xs" mt="xs">
            <Button size="compact-sm" variant="default" onClick={onReload}>
              Take theirs
            </Button>
            <Button size="compact-sm" variant="default" onClick={form.ignoreConflict}>
              Go on with mine
            </Button>
          </Group>
        </Alert>
      )}
      {form.deleted && (
        <Alert color="orange" variant="light" icon={<IconAlertTriangle />} title="It was deleted meanwhile" role="alert" styles={{ title: { color: 'inherit' }, label: { color: 'var(--mantine-color-text)' } }}>
          <Text size="sm">What you have here is kept. Saving makes it anew.</Text>
        </Alert>
      )}
      {form.problem !== undefined && <ProblemBox problem={form.problem} />}
      <Group gap="sm">
        <Button type="submit" size="sm" loading={form.saving} disabled={form.conflict !== undefined}>
          {label}
        </Button>
        {form.saved && form.problem === undefined && (
          <Text size="sm" role="status">
            Saved.
          </Text>
        )}
      </Group>
    </Stack>
  );
}
