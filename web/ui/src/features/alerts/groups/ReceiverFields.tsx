import { Accordion, ActionIcon, Badge, Group, Paper, Stack, Switch, Textarea, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import type { ResourceForm } from '@/panels/resources/useResourceForm';
import { moreError, type ReceiverDraft } from './draft';
import { receiverType } from './receivers';

interface Props {
  receiver: ReceiverDraft;
  /** Where the server finds it: slackReceivers[1]. */
  path: string;
  onChange: (part: Partial<ReceiverDraft>) => void;
  onRemove: () => void;
  errorOf: ResourceForm['errorOf'];
}

/** One receiver: its name and its fields, further ones as JSON. */
export function ReceiverFields({ receiver, path, onChange, onRemove, errorOf }: Props) {
  const type = receiverType(receiver.array);
  const own = type.fields.map((f) => errorOf(`${path}.${f.key}`)).concat(errorOf(`${path}.name`));
  // What is wrong with none of the fields shown is wrong with the further ones, or with the receiver as a whole.
  const other = own.every((e) => e === undefined) ? errorOf(path) : undefined;
  return (
    <Paper withBorder p="sm" component="section" aria-label={`${type.label} ${receiver.name}`}>
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap">
          <Badge variant="default" tt="none">
            {type.label}
          </Badge>
          <ActionIcon variant="subtle" color="gray" aria-label={`Remove ${receiver.name}`} onClick={onRemove}>
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
        <Group gap="sm" align="flex-start">
          <TextInput label="Name" withAsterisk w={160} value={receiver.name} onChange={(e) => onChange({ name: e.currentTarget.value })} error={errorOf(`${path}.name`)} />
          {type.fields.map((f) => (
            <TextInput
              key={f.key}
              label={f.label}
              withAsterisk={f.required === true}
              flex={1}
              miw={220}
              placeholder={f.placeholder}
              description={f.secret === true && receiver.fields[f.key]?.includes('<secret>') === true ? 'Stored. <secret> keeps it' : undefined}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              autoComplete="off"
              spellCheck={false}
              value={receiver.fields[f.key] ?? ''}
              onChange={(e) => onChange({ fields: { ...receiver.fields, [f.key]: e.currentTarget.value } })}
              error={errorOf(`${path}.${f.key}`)}
            />
          ))}
        </Group>
        {type.common === true && <Switch label="Each alert alone, in the common alert schema" checked={receiver.common} onChange={(e) => onChange({ common: e.currentTarget.checked })} />}
        <Accordion chevronPosition="left" {...(receiver.more !== '' || other !== undefined ? { defaultValue: 'more' } : {})}>
          <Accordion.Item value="more">
            <Accordion.Control>Further fields</Accordion.Control>
            <Accordion.Panel>
              <Textarea
                label="As JSON"
                description="Alertmanager’s fields of this type, such as http_config, title or headers"
                autosize
                minRows={2}
                spellCheck={false}
                styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
                placeholder='{"title": "…"}'
                value={receiver.more}
                onChange={(e) => onChange({ more: e.currentTarget.value })}
                error={moreError(receiver.more) ?? other}
              />
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
      </Stack>
    </Paper>
  );
}
