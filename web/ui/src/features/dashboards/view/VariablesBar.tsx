import { Group, Select, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { asProblem } from '@/api/problem';
import type { Variable } from '@/lib/dashboard';
import { any, choicesOf, chosen } from '@/lib/dashboardVariables';
import { useParamState } from '@/view/params';
import { useValues } from '../useDashboard';

const plural = { endpoint: 'endpoints', deployment: 'deployments', instance: 'instances' } as const;

/** What the variables of a dashboard stand for, to choose. The URL keeps it. */
export function VariablesBar({ variables }: { variables: readonly Variable[] }) {
  const { values, scopes } = useValues(variables);
  const { set } = useParamState();
  if (variables.length === 0) return null;
  const choose = (v: Variable, value: string) => set(chosen(variables, v.name, value));
  return (
    <Group gap="xs" mb="sm" role="group" aria-label="Variables">
      {variables.map((v) => {
        const value = values[v.name] ?? '';
        const label = v.label === '' ? v.name : v.label;
        if (v.kind === 'text' && v.options.length === 0) return <FreeText key={`${v.name} ${value}`} label={label} value={value} onChange={(text) => choose(v, text)} />;
        return (
          <Select
            key={v.name}
            size="xs"
            w={220}
            aria-label={label}
            leftSection={
              <Text size="xs" c="dimmed" truncate px={8}>
                {label}
              </Text>
            }
            leftSectionWidth={Math.min(110, 22 + label.length * 7)}
            searchable
            allowDeselect={false}
            limit={300}
            nothingFoundMessage="Nothing is called so"
            data={optionsFor(v, value, choicesOf(variables, v, values, scopes.data ?? []), scopes.data === undefined)}
            value={value}
            onChange={(next) => next !== null && choose(v, next)}
          />
        );
      })}
      {scopes.error !== null && scopes.data === undefined && (
        <Text size="xs" c="dimmed" role="status">
          The choice is not known: {asProblem(scopes.error).message}
        </Text>
      )}
    </Group>
  );
}

/** What a variable may be. Its value is among it also where it is not there any more, and says so. */
export function optionsFor(v: Variable, value: string, choices: readonly string[], loading: boolean): { value: string; label: string }[] {
  const out = choices.map((c) => ({ value: c, label: c === '' ? '(empty)' : c }));
  if (v.kind !== 'text') out.unshift({ value: any, label: `All ${plural[v.kind]}` });
  if (!out.some((o) => o.value === value)) out.push({ value, label: value === '' ? '(empty)' : loading ? value : `${value} (not there)` });
  return out;
}

function FreeText({ label, value, onChange }: { label: string; value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  const apply = () => text !== value && onChange(text);
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        apply();
      }}
    >
      <TextInput size="xs" w={200} aria-label={label} placeholder={label} value={text} onChange={(e) => setText(e.currentTarget.value)} onBlur={apply} />
    </form>
  );
}
