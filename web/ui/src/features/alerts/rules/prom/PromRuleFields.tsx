import { Button, Group, Input, Paper, SegmentedControl, Skeleton, Stack, TextInput } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { ResourceForm } from '@/panels/resources/useResourceForm';
import type { PromRuleDraft } from './draft';
import { Pairs } from './Pairs';

const PromEditor = lazy(() => import('@/panels/prom/PromEditor'));

interface Props {
  rule: PromRuleDraft;
  index: number;
  onChange: (part: Partial<PromRuleDraft>) => void;
  onRemove?: (() => void) | undefined;
  errorOf: ResourceForm['errorOf'];
}

/** One rule of a group: an alert, or a series that is recorded. */
export function PromRuleFields({ rule, index, onChange, onRemove, errorOf }: Props) {
  const at = `group.rules[${index}]`;
  const own = errorOf(at);
  // What is wrong with none of the fields shown is wrong with the rule as a whole.
  const shown = ['alert', 'record', 'expr', 'for', 'keep_firing_for', 'labels', 'annotations'].map((f) => errorOf(`${at}.${f}`));
  const whole = shown.every((e) => e === undefined) ? own : undefined;
  const number = index + 1;
  return (
    <Paper withBorder p="sm" component="section" aria-label={rule.name === '' ? `Rule ${number}` : rule.name}>
      <Stack gap="sm">
        <Group justify="space-between">
          <SegmentedControl
            size="xs"
            aria-label={`What rule ${number} makes`}
            data={[
              { value: 'alert', label: 'Alert' },
              { value: 'record', label: 'Recorded series' },
            ]}
            value={rule.record ? 'record' : 'alert'}
            onChange={(v) => onChange({ record: v === 'record' })}
          />
          {onRemove !== undefined && (
            <Button size="compact-xs" variant="default" onClick={onRemove}>
              Remove rule {number}
            </Button>
          )}
        </Group>
        <TextInput label={rule.record ? 'Name of the series' : 'Name of the alert'} withAsterisk placeholder={rule.record ? 'endpoint:errors:ratio5m' : 'TooManyErrors'} value={rule.name} onChange={(e) => onChange({ name: e.currentTarget.value })} error={errorOf(`${at}.${rule.record ? 'record' : 'alert'}`) ?? whole} />
        <Input.Wrapper label="Expression (PromQL)" labelElement="div" withAsterisk description={rule.record ? undefined : 'An alert for each series that it gives, such as errors / requests > 0.05'} error={errorOf(`${at}.expr`)}>
          <Suspense fallback={<Skeleton height={34} mt={4} role="status" aria-label="The editor is loading" />}>
            <div style={{ marginTop: 4 }}>
              <PromEditor label={`Expression of rule ${number}`} value={rule.expr} onChange={(expr) => onChange({ expr })} onRun={() => undefined} />
            </div>
          </Suspense>
        </Input.Wrapper>
        {!rule.record && (
          <Group gap="sm" align="flex-start">
            <TextInput label="Fires after" w={130} placeholder="at once" title="How long the expression must give a series before it fires" value={rule.hold} onChange={(e) => onChange({ hold: e.currentTarget.value })} error={errorOf(`${at}.for`)} />
            <TextInput label="Kept for" w={130} placeholder="not at all" title="How long it goes on after the expression gave it last" value={rule.keep} onChange={(e) => onChange({ keep: e.currentTarget.value })} error={errorOf(`${at}.keep_firing_for`)} />
          </Group>
        )}
        <Pairs label="Labels" one="label" hint="For routing; severity is critical, error, warning or info" value={rule.labels} onChange={(labels) => onChange({ labels })} error={errorOf(`${at}.labels`)} />
        {!rule.record && <Pairs label="Annotations" one="annotation" hint="What whoever is told reads: summary, description, runbook_url. {{ $labels.instance }} and {{ $value }} stand for the alert’s own" value={rule.annotations} onChange={(annotations) => onChange({ annotations })} error={errorOf(`${at}.annotations`)} />}
      </Stack>
    </Paper>
  );
}
