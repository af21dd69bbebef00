import { Anchor, Badge, Checkbox, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import type { Dispatch, SetStateAction } from 'react';
import { ViewLink } from '@/view/ViewLink';
import type { PackRule } from '../types';
import { coveredBy, inForce, parameterError, type PackChoice } from './changes';
import classes from './PackRows.module.css';

interface Props {
  rules: readonly PackRule[];
  scope: string;
  choice: PackChoice;
  onChange: Dispatch<SetStateAction<PackChoice>>;
}

const titles: Record<string, string> = { traffic: 'Traffic', instances: 'Instances', saturation: 'Saturation', gpu: 'GPUs', logs: 'Logs', slo: 'Service level objectives' };

/** The ready-made rules by what they are about, with their parameters. */
export function PackRows({ rules, scope, choice, onChange }: Props) {
  const categories = [...new Set(rules.map((r) => r.category ?? ''))];
  return categories.map((category) => (
    <section key={category} aria-label={category}>
      <Title order={2} size="sm" mb={4}>
        {titles[category] ?? category}
      </Title>
      {rules
        .filter((r) => (r.category ?? '') === category)
        .map((r) => (
          <Row key={r.id} rule={r} scope={scope} choice={choice} onChange={onChange} />
        ))}
    </section>
  ));
}

function Row({ rule, scope, choice, onChange }: { rule: PackRule } & Omit<Props, 'rules'>) {
  const id = rule.id ?? '';
  const now = inForce(rule, scope);
  const on = now !== undefined;
  const wanted = choice.wanted[id] ?? on;
  const above = coveredBy(rule, scope);
  const name = now?.rule;
  const rewritten = on && now.parameters === null;
  const typed = choice.parameters[id] ?? {};
  return (
    <div className={classes.row}>
      <Checkbox
        label={rule.title}
        description={rule.description}
        checked={wanted}
        onChange={(e) => {
          const { checked } = e.currentTarget;
          onChange((before) => ({ ...before, wanted: { ...before.wanted, [id]: checked } }));
        }}
      />
      <Stack gap={4} pl={30}>
        <Group gap="xs">
          <Badge size="xs" variant="default" tt="none" title="What each of its alerts is about">
            each {rule.level}
          </Badge>
          {name !== undefined && (
            <Anchor component={ViewLink} to={`/alerts/rules/${encodeURIComponent(name)}`} size="xs">
              {name}
            </Anchor>
          )}
          {on && now.enabled === false && (
            <Text size="xs" c="dimmed">
              off
            </Text>
          )}
          {rewritten && (
            <Text size="xs" c="dimmed" title="Its own page shows what it asks">
              asks something else by now, changed by hand
            </Text>
          )}
          {above !== undefined && (
            <Text size="xs" c="dimmed">
              on already for {above}
            </Text>
          )}
        </Group>
        {wanted && (rule.parameters ?? []).length > 0 && (
          <Group gap="sm" align="flex-start">
            {(rule.parameters ?? []).map((p) => (
              <TextInput
                key={p.name}
                size="xs"
                w={260}
                inputMode="decimal"
                label={p.description}
                description={valueText(p, now?.parameters?.[p.name ?? ''])}
                inputWrapperOrder={['label', 'input', 'description', 'error']}
                placeholder={String(now?.parameters?.[p.name ?? ''] ?? p.default ?? '')}
                rightSectionWidth={84}
                rightSection={<span style={{ fontSize: 11 }}>{p.unit}</span>}
                value={typed[p.name ?? ''] ?? ''}
                onChange={(e) => {
                  const { value } = e.currentTarget;
                  onChange((before) => ({ ...before, parameters: { ...before.parameters, [id]: { ...before.parameters[id], [p.name ?? '']: value } } }));
                }}
                error={parameterError(p, typed[p.name ?? ''])}
              />
            ))}
          </Group>
        )}
        {on && wanted && Object.values(typed).some((t) => t.trim() !== '') && (
          <Text size="xs" c="dimmed">
            The rule is made anew. It tells whom it tells now; {rewritten ? 'parameters left empty are as by default' : 'parameters left empty stay what they are'}. What was changed by hand stays in its history.
          </Text>
        )}
      </Stack>
    </div>
  );
}

/** What a parameter is now, and by default. */
function valueText(parameter: NonNullable<PackRule['parameters']>[number], now: number | undefined): string {
  const usual = `by default ${parameter.default ?? ''}`;
  return now === undefined ? usual : now === parameter.default ? `now ${now}, as by default` : `now ${now}, ${usual}`;
}
