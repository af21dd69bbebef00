import { Autocomplete, Button, Group, List, MultiSelect, Paper, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useScopes } from '@/api/hooks';
import { asProblem } from '@/api/problem';
import { Panel, ProblemBox } from '@/components/Panel';
import { useResources } from '@/panels/resources/queries';
import { useParamState } from '@/view/params';
import { usePageView } from '@/view/view';
import { AlertsHead } from '../AlertsHead';
import { scopePatterns } from '../scopePatterns';
import type { PackResult, PackRule } from '../types';
import { isOn, noChoice, packChanges, parameterError, turnedOn } from './changes';
import { PackRows } from './PackRows';
import { useApplyPack, usePack } from './queries';

/** The ready-made rules: which are on for a scope, and which should be. */
export function Component() {
  const { view } = usePageView();
  const { params, set } = useParamState();
  const scopes = useScopes(view);
  const pack = usePack();
  const scope = params.get('scope') ?? scopes.data?.[0]?.scope ?? '';
  return (
    <>
      <AlertsHead title="Starter pack" />
      <Stack gap="sm">
        <Text size="sm" maw={720}>
          Ready-made rules for endpoints that serve models. Each becomes an ordinary rule that can be looked at, tried over the past and changed. A metric that an endpoint does not have has no data, and fires nothing.
        </Text>
        <Autocomplete label="Scope" description="An endpoint, deployment or instance; what is below it is watched, too" maw={420} data={scopePatterns(scopes.data ?? []).filter((s) => !s.includes('/*'))} value={scope} onChange={(s) => set({ scope: s })} />
        <Panel asked={pack} height={400} isEmpty={(rules) => rules.length === 0} empty="This server has no ready-made rules.">
          {(rules) => <Choose key={scope} scope={scope.trim()} rules={rules} />}
        </Panel>
      </Stack>
    </>
  );
}

function Choose({ scope, rules }: { scope: string; rules: readonly PackRule[] }) {
  const [choice, setChoice] = useState(noChoice);
  const [told, setTold] = useState<string[]>([]);
  const groups = useResources('action-groups', 0);
  const apply = useApplyPack();
  const changes = packChanges(rules, scope, choice, told);
  const made = turnedOn(changes);
  const fresh = rules.some((r) => changes.on.some((part) => part.rules.includes(r.id ?? '')) && !isOn(r, scope));
  const wrong = rules.some((r) => (r.parameters ?? []).some((p) => parameterError(p, choice.parameters[r.id ?? '']?.[p.name ?? '']) !== undefined));
  const nothing = made + changes.off.length === 0;
  const on = rules.filter((r) => isOn(r, scope)).length;
  const all = (wanted: boolean) => setChoice((before) => ({ ...before, wanted: Object.fromEntries(rules.map((r) => [r.id ?? '', wanted])) }));
  const send = (dryRun: boolean) =>
    apply.mutate(
      { scope, changes, dryRun },
      {
        onSuccess: () => {
          if (!dryRun) setChoice(noChoice);
        },
      },
    );
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <Text size="sm" role="status">
          {on} of {rules.length} are on for {scope === '' ? 'no scope' : scope}
        </Text>
        <Button size="compact-xs" variant="default" onClick={() => all(true)}>
          Choose all
        </Button>
        <Button size="compact-xs" variant="default" onClick={() => all(false)}>
          Choose none
        </Button>
        {choice !== noChoice && (
          <Button size="compact-xs" variant="subtle" onClick={() => setChoice(noChoice)}>
            As it is now
          </Button>
        )}
      </Group>
      <PackRows rules={rules} scope={scope} choice={choice} onChange={setChoice} />
      <Paper withBorder p="sm" pos="sticky" bottom={0} style={{ zIndex: 1 }}>
        <Stack gap="xs">
          <Group gap="sm" align="flex-end">
            {fresh && <MultiSelect size="xs" miw={240} label="Rules that are turned on tell" placeholder={told.length === 0 ? 'whom the policy says' : ''} data={(groups.data ?? []).map((g) => g.name)} value={told} onChange={setTold} maxValues={5} nothingFoundMessage="There is no action group yet" />}
            <Button size="xs" disabled={nothing || wrong || scope === ''} loading={apply.isPending && !apply.variables.dryRun} onClick={() => send(false)}>
              {nothing ? 'Nothing to change' : words(made, changes.off.length)}
            </Button>
            <Button size="xs" variant="default" disabled={nothing || wrong || scope === ''} loading={apply.isPending && apply.variables.dryRun} onClick={() => send(true)}>
              What would that do?
            </Button>
          </Group>
          {apply.error !== null && <ProblemBox problem={asProblem(apply.error)} />}
          {apply.data !== undefined && <Result result={apply.data} dryRun={apply.variables.dryRun} />}
        </Stack>
      </Paper>
    </Stack>
  );
}

function words(on: number, off: number): string {
  const parts = [on > 0 ? `turn on ${on}` : '', off > 0 ? `turn off ${off}` : ''].filter((p) => p !== '');
  const text = parts.join(', ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function Result({ result, dryRun }: { result: PackResult; dryRun: boolean }) {
  const parts = (['created', 'updated', 'deleted', 'unchanged'] as const).filter((key) => (result[key] ?? []).length > 0);
  return (
    <div role="status">
      <Text size="sm">{dryRun ? 'It would do this, and has not yet:' : 'Done:'}</Text>
      <List size="sm">
        {parts.map((key) => (
          <List.Item key={key}>
            {result[key]?.length} {key}: {result[key]?.join(', ')}
          </List.Item>
        ))}
      </List>
    </div>
  );
}
