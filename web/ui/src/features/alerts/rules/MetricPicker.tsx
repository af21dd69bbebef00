import { Badge, Group, Select, Text } from '@mantine/core';
import { useMemo } from 'react';
import type { MetricDefinition } from '@/api/types';
import { levels, scopeParts } from '@/lib/scope';

interface Props {
  definitions: readonly MetricDefinition[];
  /** Scopes of the rule; metrics of another level cannot be asked for. */
  scopes: readonly string[];
  value: string;
  onChange: (definition: MetricDefinition) => void;
  error?: string | undefined;
}

/** The metrics at a level: one definition for each name. */
export function metricsAt(definitions: readonly MetricDefinition[], scopes: readonly string[]): MetricDefinition[] {
  const level = scopes[0] === undefined ? undefined : levels[scopeParts(scopes[0]).length - 1];
  const seen = new Map<string, MetricDefinition>();
  for (const d of definitions) {
    if ((level === undefined || d.levels.includes(level)) && !seen.has(d.name)) seen.set(d.name, d);
  }
  return [...seen.values()];
}

/** Chooses a metric by its name, meaning or description. */
export function MetricPicker({ definitions, scopes, value, onChange, error }: Props) {
  const offered = useMemo(() => metricsAt(definitions, scopes), [definitions, scopes]);
  const byName = new Map(offered.map((d) => [d.name, d]));
  const chosen = byName.get(value);
  const groups = [...new Set(offered.map((d) => d.category))].map((category) => ({
    group: category,
    items: offered.filter((d) => d.category === category).map((d) => ({ value: d.name, label: d.display_name })),
  }));
  // A metric that the catalogue does not have here is shown as it is, so that it is not lost.
  const data = value === '' || chosen !== undefined ? groups : [...groups, { group: 'Not in the catalogue at this level', items: [{ value, label: value }] }];
  const words = (name: string) => {
    const d = byName.get(name);
    return d === undefined ? name.toLowerCase() : `${d.name} ${d.display_name} ${d.description}`.toLowerCase();
  };
  return (
    <Select
      label="Metric"
      withAsterisk
      searchable
      maxDropdownHeight={420}
      placeholder="Find by name or meaning"
      nothingFoundMessage="No metric at this level has that in its name or description"
      description={chosen === undefined ? undefined : `${chosen.description} Unit: ${chosen.unit}.`}
      data={data}
      value={value === '' ? null : value}
      onChange={(name) => {
        const d = byName.get(name ?? '');
        if (d !== undefined) onChange(d);
      }}
      filter={({ options, search }) => {
        const wanted = search.trim().toLowerCase().split(/\s+/);
        return options
          .map((o) => ('group' in o ? { ...o, items: o.items.filter((item) => wanted.every((w) => words(item.value).includes(w))) } : o))
          .filter((o) => !('group' in o) || o.items.length > 0);
      }}
      renderOption={({ option }) => {
        const d = byName.get(option.value);
        return (
          <div>
            <Group gap={6}>
              <Text size="sm">{option.label}</Text>
              <Badge size="xs" variant="default" tt="none">
                {d?.unit}
              </Badge>
            </Group>
            <Text size="xs" c="dimmed" lineClamp={2}>
              {d?.description}
            </Text>
          </div>
        );
      }}
      error={error}
    />
  );
}
