import { ActionIcon, Button, Group, Paper, Select, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { mostVariables, variableKinds, type Dashboard, type Variable } from '@/lib/dashboard';
import { isUsed } from '@/lib/dashboardVariables';
import { possibleAbove } from './variableMistakes';

interface Props {
  dashboard: Dashboard;
  mistakes: readonly (string | undefined)[];
  onChange: (variables: Variable[]) => void;
}

const kindLabels = { endpoint: 'Endpoints', deployment: 'Deployments', instance: 'Instances', text: 'Texts' } as const;

/** The variables of a dashboard: what whoever looks at it may choose. */
export function VariableFields({ dashboard, mistakes, onChange }: Props) {
  const { variables } = dashboard;
  const put = (at: number, part: Partial<Variable>) => onChange(variables.map((v, i) => (i === at ? { ...v, ...part } : v)));
  const add = () => {
    const kind = variableKinds.find((k) => k !== 'text' && !variables.some((v) => v.kind === k)) ?? 'text';
    const above = variables.findLast((v) => v.kind !== 'text' && variableKinds.indexOf(v.kind) < variableKinds.indexOf(kind));
    onChange([...variables, { name: variables.some((v) => v.name === kind) ? '' : kind, label: '', kind, of: kind === 'text' ? '' : (above?.name ?? ''), options: [], default: kind === 'text' ? '' : '*' }]);
  };
  return (
    <Stack gap="xs" role="group" aria-label="Variables">
      <Text size="sm" fw={500}>
        Variables
      </Text>
      <Text size="xs" c="dimmed">
        What is chosen above the tiles. $name stands for it in scopes, filters, queries, titles and texts.
      </Text>
      {variables.map((v, i) => (
        <Paper key={i} withBorder p="xs">
          <Group gap="xs" align="flex-end">
            <TextInput size="xs" label="Name" w={130} value={v.name} onChange={(e) => put(i, { name: e.currentTarget.value })} />
            <TextInput size="xs" label="Label" w={130} placeholder={v.name} maxLength={40} value={v.label} onChange={(e) => put(i, { label: e.currentTarget.value })} />
            <Select size="xs" label="Choice of" w={130} allowDeselect={false} data={variableKinds.map((k) => ({ value: k, label: kindLabels[k] }))} value={v.kind} onChange={(k) => put(i, { kind: variableKinds.find((x) => x === k) ?? 'text', of: '', options: [], default: k === 'text' ? '' : '*' })} />
            {v.kind !== 'text' && possibleAbove(variables, i).length > 0 && <Select size="xs" label="Of" w={130} clearable placeholder="any" data={possibleAbove(variables, i).map((n) => ({ value: n, label: `$${n}` }))} value={v.of === '' ? null : v.of} onChange={(of) => put(i, { of: of ?? '' })} />}
            {v.kind === 'text' && <TagsInput size="xs" label="Options" flex={1} miw={160} placeholder={v.options.length === 0 ? 'any text' : ''} value={v.options} onChange={(options) => put(i, { options, default: options.length === 0 || options.includes(v.default) ? v.default : (options[0] ?? '') })} />}
            <TextInput size="xs" label="At first" w={110} placeholder={v.kind === 'text' ? '' : '* for all'} value={v.default} onChange={(e) => put(i, { default: e.currentTarget.value })} />
            <ActionIcon variant="default" size={30} aria-label={`Remove the variable ${v.name}`} title={isUsed(dashboard, v.name) ? 'Tiles use it, and will be wrong without it' : 'Remove'} onClick={() => onChange(variables.filter((_, k) => k !== i))}>
              <IconTrash size={14} />
            </ActionIcon>
          </Group>
          {mistakes[i] !== undefined && (
            <Text size="xs" c="red" role="alert" mt={4}>
              {mistakes[i]}
            </Text>
          )}
        </Paper>
      ))}
      {variables.length < mostVariables && (
        <Button size="xs" variant="default" style={{ alignSelf: 'flex-start' }} leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>
          Variable
        </Button>
      )}
    </Stack>
  );
}
