import { ActionIcon, Button, Group, NativeSelect, TagsInput, TextInput } from '@mantine/core';
import { IconFilter, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import type { ChartSpec } from '@/lib/chartspec';
import { usePageView } from '@/view/view';
import { operators, parseFilter, writeFilter, type Condition, type Operator } from './filter';
import { useDimensionValues } from './queries';

interface Props {
  spec: ChartSpec;
  dimensions: readonly string[];
  onChange: (filter: string) => void;
}

/** The conditions of a chart; what is no list of them is edited as text. */
export function FilterEditor({ spec, dimensions, onChange }: Props) {
  const [draft, setDraft] = useState<Condition[]>(() => parseFilter(spec.filter) ?? []);
  const parsed = parseFilter(spec.filter);
  if (parsed === undefined) return <FilterText key={spec.filter} text={spec.filter} onChange={onChange} />;
  // The URL may have changed meanwhile: then it counts, not what was begun here.
  const shown = writeFilter(draft) === writeFilter(parsed) ? draft : parsed;
  const put = (next: Condition[]) => {
    setDraft(next);
    const text = writeFilter(next);
    if (text !== writeFilter(parsed)) onChange(text);
  };
  const [free] = dimensions.filter((d) => !shown.some((c) => c.dimension === d));
  return (
    <>
      {shown.map((condition, i) => (
        <ConditionEditor key={i} condition={condition} spec={spec} dimensions={dimensions} onChange={(c) => put(shown.map((old, at) => (at === i ? c : old)))} onRemove={() => put(shown.filter((_, at) => at !== i))} />
      ))}
      <Button variant="default" size="xs" leftSection={<IconFilter size={14} aria-hidden />} disabled={dimensions.length === 0} onClick={() => put([...shown, { dimension: free ?? dimensions[0] ?? '', operator: 'is', values: [] }])}>
        Filter
      </Button>
    </>
  );
}

interface ConditionProps {
  condition: Condition;
  spec: ChartSpec;
  dimensions: readonly string[];
  onChange: (condition: Condition) => void;
  onRemove: () => void;
}

function ConditionEditor({ condition, spec, dimensions, onChange, onRemove }: ConditionProps) {
  const { view } = usePageView();
  const [asked, ask] = useState(false);
  const known = dimensions.find((d) => d.toLowerCase() === condition.dimension.toLowerCase());
  const values = useDimensionValues(spec, condition.dimension, view, asked);
  return (
    <Group gap={0} wrap="nowrap" role="group" aria-label={`Filter by ${condition.dimension}`} maw="100%">
      <NativeSelect
        size="xs"
        w={130}
        aria-label="Dimension"
        data={known === undefined ? [condition.dimension, ...dimensions] : [...dimensions]}
        value={known ?? condition.dimension}
        onChange={(e) => onChange({ dimension: e.currentTarget.value, operator: condition.operator, values: [] })}
      />
      <NativeSelect size="xs" w={100} aria-label="Operator" data={operators} value={condition.operator} onChange={(e) => onChange({ ...condition, operator: e.currentTarget.value as Operator })} />
      <TagsInput
        size="xs"
        miw={140}
        maw={320}
        aria-label={`Values of ${condition.dimension}`}
        placeholder={condition.values.length === 0 ? 'value' : ''}
        data={values.data ?? []}
        value={condition.values}
        onChange={(next) => onChange({ ...condition, values: next })}
        onFocus={() => ask(true)}
        acceptValueOnBlur
      />
      <ActionIcon variant="default" size={30} aria-label={`Remove the filter by ${condition.dimension}`} onClick={onRemove}>
        <IconX size={14} />
      </ActionIcon>
    </Group>
  );
}

function FilterText({ text, onChange }: { text: string; onChange: (filter: string) => void }) {
  const [draft, setDraft] = useState(text);
  return (
    <TextInput
      size="xs"
      w={420}
      maw="100%"
      aria-label="Filter, as text"
      leftSection={<IconFilter size={14} aria-hidden />}
      value={draft}
      onChange={(e) => setDraft(e.currentTarget.value)}
      onBlur={() => draft !== text && onChange(draft.trim())}
      onKeyDown={(e) => e.key === 'Enter' && onChange(draft.trim())}
    />
  );
}
