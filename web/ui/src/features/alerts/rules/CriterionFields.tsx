import { Button, Group, SegmentedControl, Select, Stack, TextInput } from '@mantine/core';
import type { MetricDefinition } from '@/api/types';
import { formatValue } from '@/lib/units';
import type { ResourceForm } from '@/panels/resources/useResourceForm';
import { criterionUnit, definitionAt } from '../sentence';
import { Dimensions } from './Dimensions';
import { parseThreshold, type CriterionDraft, type RuleDraft } from './draft';
import { MetricPicker } from './MetricPicker';
import { QueryFields } from './QueryFields';

interface Props {
  draft: RuleDraft;
  index: number;
  definitions: readonly MetricDefinition[];
  onChange: (part: Partial<CriterionDraft>) => void;
  onRemove?: (() => void) | undefined;
  errorOf: ResourceForm['errorOf'];
}

const operators = [
  { value: 'GreaterThan', label: 'is above' },
  { value: 'GreaterThanOrEqual', label: 'is at or above' },
  { value: 'LessThan', label: 'is below' },
  { value: 'LessThanOrEqual', label: 'is at or below' },
  { value: 'Equals', label: 'equals' },
  { value: 'NotEquals', label: 'does not equal' },
];
const sides = [
  { value: 'GreaterThan', label: 'above the band' },
  { value: 'LessThan', label: 'below the band' },
  { value: 'GreaterOrLessThan', label: 'outside of the band' },
];
/** One thing that must hold for a rule to fire: a metric or query, and its bound. */
export function CriterionFields({ draft, index, definitions, onChange, onRemove, errorOf }: Props) {
  const c = draft.criteria[index];
  if (c === undefined) return null;
  const at = `criteria.allOf[${index}]`;
  const log = draft.kind === 'log';
  const definition = definitionAt(definitions, c.metric, draft.scopes[0]);
  const unit = log ? '' : criterionUnit(definition, c.aggregation);
  const threshold = parseThreshold(c.threshold);
  const choose = (d: MetricDefinition) =>
    onChange({ metric: d.name, aggregation: d.aggregations.includes(c.aggregation) ? c.aggregation : d.primary_aggregation, dimensions: c.dimensions.filter((x) => d.dimensions.includes(x.name)) });
  return (
    <Stack gap="sm" role="group" aria-label={`Condition ${index + 1}`}>
      {log ? <QueryFields c={c} at={at} number={index + 1} onChange={onChange} errorOf={errorOf} /> : <MetricPicker definitions={definitions} scopes={draft.scopes} value={c.metric} onChange={choose} error={errorOf(`${at}.metricName`)} />}
      {!log && (
        <Group gap="sm" align="flex-end">
          <Select label="Aggregation" w={140} description="Over the window" data={definition?.aggregations ?? ['Average', 'Minimum', 'Maximum', 'Total', 'Count']} value={c.aggregation === '' ? null : c.aggregation} onChange={(v) => onChange({ aggregation: v ?? '' })} allowDeselect={false} error={errorOf(`${at}.timeAggregation`)} />
          <SegmentedControl
            aria-label="Threshold"
            data={[
              { value: 'static', label: 'Fixed threshold' },
              { value: 'dynamic', label: 'Learned band' },
            ]}
            value={c.dynamic ? 'dynamic' : 'static'}
            onChange={(v) => onChange({ dynamic: v === 'dynamic', operator: 'GreaterThan' })}
          />
        </Group>
      )}
      {c.dynamic && !log ? (
        <Group gap="sm" align="flex-start">
          <Select label="Fires" w={190} data={sides} value={c.operator} onChange={(v) => onChange({ operator: v ?? 'GreaterThan' })} allowDeselect={false} error={errorOf(`${at}.operator`)} />
          <Select label="Sensitivity" w={150} description="High: narrow band" data={['Low', 'Medium', 'High']} value={c.sensitivity} onChange={(v) => onChange({ sensitivity: v ?? 'Medium' })} allowDeselect={false} error={errorOf(`${at}.alertSensitivity`)} />
          <TextInput label="Learn only from" w={210} description="An instant; all data if empty" placeholder="2026-11-01T00:00:00Z" value={c.ignoreBefore} onChange={(e) => onChange({ ignoreBefore: e.currentTarget.value })} error={errorOf(`${at}.ignoreDataBefore`)} />
        </Group>
      ) : (
        <Group gap="sm" align="flex-start">
          <Select label="Fires if it" w={160} data={operators} value={c.operator} onChange={(v) => onChange({ operator: v ?? 'GreaterThan' })} allowDeselect={false} error={errorOf(`${at}.operator`)} />
          <TextInput
            label="Threshold"
            withAsterisk
            w={190}
            inputMode="decimal"
            rightSectionWidth={96}
            rightSection={<span style={{ fontSize: 12 }}>{log ? '' : (definition?.unit ?? '')}</span>}
            description={threshold === undefined ? undefined : log ? undefined : `that is ${formatValue(threshold, unit)}`}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            value={c.threshold}
            onChange={(e) => onChange({ threshold: e.currentTarget.value })}
            error={c.threshold.trim() !== '' && threshold === undefined ? 'a number, such as 0.5' : errorOf(`${at}.threshold`)}
          />
        </Group>
      )}
      <Dimensions value={c.dimensions} names={log ? [] : (definition?.dimensions ?? [])} onChange={(dimensions) => onChange({ dimensions })} error={errorOf(`${at}.dimensions`)} />
      {onRemove !== undefined && (
        <div>
          <Button size="compact-xs" variant="default" onClick={onRemove}>
            Remove this condition
          </Button>
        </div>
      )}
    </Stack>
  );
}
