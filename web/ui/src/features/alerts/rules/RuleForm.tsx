import { Button, Divider, Fieldset, Group, Paper, Select, SimpleGrid, Stack, Text, Textarea, TextInput, VisuallyHidden } from '@mantine/core';
import { useState } from 'react';
import { useDefinitions } from '@/api/hooks';
import { LeaveGuard } from '@/panels/resources/LeaveGuard';
import { mistakesAt, useResourceForm } from '@/panels/resources/useResourceForm';
import { useUnsaved } from '@/panels/resources/useUnsaved';
import { SaveBar } from '../SaveBar';
import { ScopesInput } from '../ScopesInput';
import { definitionAt } from '../sentence';
import { severities } from '../severity';
import type { ResourceDocument } from '../types';
import { CriterionFields } from './CriterionFields';
import { emptyCriterion, missing, ruleOfDraft, withUsualAggregation, type CriterionDraft, type RuleDraft } from './draft';
import { Furthermore } from './Furthermore';
import { KindControl } from './KindControl';
import { PreviewPanel } from './PreviewPanel';
import { useRulePreview } from './usePreview';
import { TellsSelect } from './TellsSelect';
import { Timing } from './Timing';
import { draftText } from './words';

const parts = ['tab', 'kind', 'like'];

interface Props {
  initial: RuleDraft;
  /** The rule that is edited; a new one without. */
  stored?: ResourceDocument;
  onSaved: (stored: ResourceDocument) => void;
  onReload: () => void;
  /** Another kind of rule, with a form of its own, is wanted. */
  onPromQL?: () => void;
}

/** A metric or log rule as a form, with what it would have done beside it. */
export function RuleForm({ initial, stored, onSaved, onReload, onPromQL }: Props) {
  const [typed, setDraft] = useState(initial);
  const form = useResourceForm('alert-rules', stored);
  const unsaved = useUnsaved(typed);
  const { data: definitions = [] } = useDefinitions();
  const draft = withUsualAggregation(typed, (metric) => definitionAt(definitions, metric, typed.scopes[0])?.primary_aggregation);
  const change = (part: Partial<RuleDraft>) => setDraft((before) => ({ ...before, ...part }));
  const changeCriterion = (index: number, part: Partial<CriterionDraft>) =>
    setDraft((before) => {
      const criteria = before.criteria.map((c, i) => (i === index ? { ...c, ...part } : c));
      return { ...before, criteria, ...(part.dynamic === undefined ? {} : timingOf(before, part.dynamic)) };
    });
  const lacks = missing(draft);
  const rule = ruleOfDraft(draft);
  const preview = useRulePreview(lacks.length === 0 ? rule : undefined);
  const errorOf = (field: string) => form.errorOf(field) ?? mistakesAt(preview.mistakes, field);
  const readOnly = stored?.provisioned === true;
  const severalAllowed = draft.kind === 'metric' && !draft.criteria.some((c) => c.dynamic);

  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md" verticalSpacing="md">
      <form
        aria-label={stored === undefined ? 'New rule' : `Rule ${stored.name}`}
        onSubmit={(e) => {
          e.preventDefault();
          form.save(rule, (now) => unsaved.markStored(typed, () => onSaved(now)));
        }}
      >
        <Fieldset disabled={readOnly} variant="unstyled" p={0}>
          <Stack gap="md">
            <Paper withBorder p="sm">
              <Stack gap="sm">
                <TextInput label="Name" withAsterisk value={draft.name} disabled={stored !== undefined} onChange={(e) => change({ name: e.currentTarget.value })} error={errorOf('name')} />
                <Textarea label="Description" description="What whoever is told should know" autosize minRows={1} maxRows={6} value={draft.description} onChange={(e) => change({ description: e.currentTarget.value })} error={errorOf('description')} />
                <Group gap="sm" align="flex-end">
                  <Select label="Severity" w={180} data={severities.map((s) => ({ value: String(s.value), label: `${s.value} · ${s.word}` }))} value={String(draft.severity)} onChange={(v) => change({ severity: Number(v ?? 3) })} allowDeselect={false} error={errorOf('severity')} />
                  {stored === undefined && (
                    <KindControl
                      value={draft.kind}
                      onChange={(kind) => {
                        if (kind === 'prometheus') onPromQL?.();
                        else change(kind === 'log' ? { kind, frequency: 'PT5M', criteria: [{ ...emptyCriterion, aggregation: 'Count', threshold: '0' }] } : { kind, criteria: [emptyCriterion] });
                      }}
                    />
                  )}
                </Group>
              </Stack>
            </Paper>
            <Paper withBorder p="sm">
              <Stack gap="sm">
                <ScopesInput
                  label="Watches"
                  description={draft.kind === 'log' ? 'Rows of these scopes; of all without any' : 'All of one level: endpoints, deployments or instances'}
                  value={draft.scopes}
                  onChange={(scopes) => change({ scopes })}
                  error={errorOf('scopes')}
                  required={draft.kind === 'metric'}
                />
                {draft.criteria.map((_, i) => (
                  <Stack key={i} gap="sm">
                    {i > 0 && <Divider label="and" />}
                    <CriterionFields draft={draft} index={i} definitions={definitions} onChange={(part) => changeCriterion(i, part)} onRemove={draft.criteria.length > 1 ? () => change({ criteria: draft.criteria.filter((__, k) => k !== i) }) : undefined} errorOf={errorOf} />
                  </Stack>
                ))}
                {severalAllowed && draft.criteria.length < 5 && (
                  <div>
                    <Button size="compact-sm" variant="default" onClick={() => change({ criteria: [...draft.criteria, emptyCriterion] })}>
                      Add a condition that must hold, too
                    </Button>
                  </div>
                )}
                <Timing draft={draft} onChange={change} errorOf={errorOf} />
                <Text size="sm" c="dimmed" aria-live="polite">
                  Fires on: {draftText(draft, definitions)}.
                </Text>
              </Stack>
            </Paper>
            <Paper withBorder p="sm">
              <Stack gap="sm">
                <TellsSelect value={draft.groups} onChange={(groups) => change({ groups })} error={errorOf('actions')} />
                <Furthermore draft={draft} onChange={change} errorOf={errorOf} />
              </Stack>
            </Paper>
            {!readOnly && <SaveBar form={form} label={stored === undefined ? 'Make the rule' : 'Save'} stored={stored} onReload={onReload} />}
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

/** What goes with a learned band, or with a fixed threshold, unless it was chosen otherwise. */
function timingOf(draft: RuleDraft, dynamic: boolean): Partial<RuleDraft> {
  if (!dynamic) return draft.failing === 3 && draft.periods === 4 ? { failing: 1, periods: 1 } : {};
  const short = ['PT15S', 'PT30S', 'PT1M'].includes(draft.frequency);
  const narrow = ['PT15S', 'PT30S', 'PT1M'].includes(draft.window);
  return { ...(short ? { frequency: 'PT5M' } : {}), ...(narrow ? { window: 'PT5M' } : {}), ...(draft.periods === 1 ? { failing: 3, periods: 4 } : {}) };
}
