import { Button, Fieldset, Group, Paper, SimpleGrid, Stack, Switch, Textarea, TextInput, VisuallyHidden } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useDefinitions } from '@/api/hooks';
import { LeaveGuard } from '@/panels/resources/LeaveGuard';
import { mistakesAt, useResourceForm } from '@/panels/resources/useResourceForm';
import { useUnsaved } from '@/panels/resources/useUnsaved';
import { SaveBar } from '../../SaveBar';
import type { ResourceDocument } from '../../types';
import { PreviewPanel } from '../PreviewPanel';
import { TellsSelect } from '../TellsSelect';
import { useRulePreview } from '../usePreview';
import { emptyPromRule, missingOfProm, ruleOfProm, type PromDraft, type PromRuleDraft } from './draft';
import { PromRuleFields } from './PromRuleFields';

const parts = ['tab', 'kind', 'like'];

interface Props {
  initial: PromDraft;
  /** The rule that is edited; a new one without. */
  stored?: ResourceDocument;
  onSaved: (stored: ResourceDocument) => void;
  onReload: () => void;
  /** Chooses another kind of rule, for new ones. */
  kind?: ReactNode;
}

/** A group of Prometheus rules as a form, with what it would have done beside it. */
export function PromForm({ initial, stored, onSaved, onReload, kind }: Props) {
  const [draft, setDraft] = useState(initial);
  const form = useResourceForm('alert-rules', stored);
  const unsaved = useUnsaved(draft);
  const { data: definitions = [] } = useDefinitions();
  const change = (part: Partial<PromDraft>) => setDraft((before) => ({ ...before, ...part }));
  const changeRule = (index: number, part: Partial<PromRuleDraft>) => setDraft((before) => ({ ...before, rules: before.rules.map((r, i) => (i === index ? { ...r, ...part } : r)) }));
  const lacks = missingOfProm(draft);
  const rule = ruleOfProm(draft);
  const preview = useRulePreview(lacks.length === 0 ? rule : undefined);
  const errorOf = (field: string) => form.errorOf(field) ?? mistakesAt(preview.mistakes, field);
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md" verticalSpacing="md">
      <form
        aria-label={stored === undefined ? 'New rule' : `Rule ${stored.name}`}
        onSubmit={(e) => {
          e.preventDefault();
          form.save(rule, (now) => unsaved.markStored(draft, () => onSaved(now)));
        }}
      >
        <Fieldset variant="unstyled" p={0}>
          <Stack gap="md">
            <Paper withBorder p="sm">
              <Stack gap="sm">
                <TextInput label="Name" withAsterisk value={draft.name} disabled={stored !== undefined} onChange={(e) => change({ name: e.currentTarget.value })} error={form.errorOf('name') ?? form.errorOf('group.name')} />
                <Textarea label="Description" description="What whoever is told should know" autosize minRows={1} maxRows={6} value={draft.description} onChange={(e) => change({ description: e.currentTarget.value })} error={errorOf('description')} />
                <Group gap="sm" align="flex-end">
                  <TextInput label="Evaluated every" w={140} placeholder="the server’s" value={draft.interval} onChange={(e) => change({ interval: e.currentTarget.value })} error={errorOf('group.interval')} />
                  {kind}
                </Group>
                <Switch label="Enabled" checked={draft.enabled} onChange={(e) => change({ enabled: e.currentTarget.checked })} />
              </Stack>
            </Paper>
            {draft.rules.map((r, i) => (
              <PromRuleFields key={i} rule={r} index={i} onChange={(part) => changeRule(i, part)} onRemove={draft.rules.length > 1 ? () => change({ rules: draft.rules.filter((_, k) => k !== i) }) : undefined} errorOf={errorOf} />
            ))}
            <div>
              <Button size="compact-sm" variant="default" onClick={() => change({ rules: [...draft.rules, emptyPromRule] })}>
                Add a rule to the group
              </Button>
            </div>
            <Paper withBorder p="sm">
              <TellsSelect value={draft.groups} onChange={(groups) => change({ groups })} error={errorOf('actions')} />
            </Paper>
            <SaveBar form={form} label={stored === undefined ? 'Make the rule' : 'Save'} stored={stored} onReload={onReload} />
          </Stack>
        </Fieldset>
        <LeaveGuard dirty={unsaved.dirty} parts={parts} />
      </form>
      <div role="group" aria-label="Preview" style={{ position: 'sticky', top: 60, alignSelf: 'start', minWidth: 0 }}>
        <VisuallyHidden component="h2">Preview</VisuallyHidden>
        <PreviewPanel preview={preview} lacks={lacks} definitions={definitions} />
      </div>
    </SimpleGrid>
  );
}
