import { Group, MultiSelect, NativeSelect, NumberInput } from '@mantine/core';
import type { ChartSpec } from '@/lib/chartspec';

interface Props {
  spec: ChartSpec;
  dimensions: readonly string[];
  aggregations: readonly string[];
  onChange: (part: Partial<ChartSpec>) => void;
}

const firstTop = 10;

/** By what a chart is split, how many series of that are shown, and which. */
export function SplitEditor({ spec, dimensions, aggregations, onChange }: Props) {
  const several = spec.split.length > 0 || spec.scopes.some((s) => s.includes('*'));
  const names = spec.split.map((s) => dimensions.find((d) => d.toLowerCase() === s.toLowerCase()) ?? s);
  const sorts = aggregations.flatMap((a) => [
    { value: `${a.toLowerCase()} desc`, label: `greatest ${a.toLowerCase()}` },
    { value: `${a.toLowerCase()} asc`, label: `least ${a.toLowerCase()}` },
  ]);
  const order = spec.orderBy === '' ? '' : spec.orderBy.includes(' ') ? spec.orderBy.toLowerCase() : `${spec.orderBy.toLowerCase()} desc`;
  return (
    <>
      <MultiSelect
        size="xs"
        miw={170}
        maw={340}
        aria-label="Split by"
        placeholder={names.length === 0 ? 'Split by' : ''}
        data={[...new Set([...dimensions, ...names])]}
        value={names}
        onChange={(split) => onChange({ split, ...(spec.split.length === 0 && spec.top === 0 ? { top: firstTop } : {}) })}
        disabled={dimensions.length === 0 && names.length === 0}
        nothingFoundMessage="These metrics cannot be split"
        clearable
      />
      {several && (
        <Group gap={0} wrap="nowrap" role="group" aria-label="Which series">
          <NumberInput
            size="xs"
            w={96}
            aria-label="Series to show; all if empty"
            placeholder="all"
            prefix="first "
            min={1}
            max={1000}
            allowDecimal={false}
            value={spec.top === 0 ? '' : spec.top}
            onChange={(top) => onChange({ top: typeof top === 'number' ? top : 0 })}
          />
          {spec.top > 0 && (
            <NativeSelect
              size="xs"
              aria-label="Sorted by"
              data={[{ value: '', label: 'greatest' }, ...sorts, ...(order === '' || sorts.some((s) => s.value === order) ? [] : [{ value: order, label: order }])]}
              value={order}
              onChange={(e) => onChange({ orderBy: e.currentTarget.value })}
            />
          )}
        </Group>
      )}
    </>
  );
}
