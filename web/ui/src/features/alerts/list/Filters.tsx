import { Button, Group, MultiSelect, Select } from '@mantine/core';
import { useParamState } from '@/view/params';
import { severities } from '../severity';
import type { AlertsSummary } from '../types';
import { isNarrowed, type AlertFilter } from './filter';
import { TypedFilter } from './TypedFilter';

interface Props {
  filter: AlertFilter;
  /** How many alerts there are of each value; filters say them where they are known. */
  summary: AlertsSummary | undefined;
  onClear: () => void;
}

/** What narrows the list of alerts. All of it is in the URL. */
export function Filters({ filter, summary, onClear }: Props) {
  const { set } = useParamState();
  const counts = (group: string) => new Map(summary?.groups[group]?.values?.map((v) => [v.name ?? '', v.count ?? 0]));
  const bySeverity = counts('severity');
  const byState = counts('alertState');
  const byRule = counts('alertRule');
  const label = (word: string, n: number | undefined) => (n === undefined ? word : `${word} (${n})`);
  const rules = [...new Set([...byRule.keys(), ...filter.rule])].sort((a, b) => a.localeCompare(b));
  const field = { size: 'xs', comboboxProps: { withinPortal: true } } as const;
  return (
    <Group gap="xs" role="search" aria-label="Filter alerts">
      <TypedFilter width={200} label="Find in alerts" placeholder="Find rule, instance, text" value={filter.find} onChange={(find) => set({ find })} />
      <MultiSelect
        {...field}
        w={170}
        clearable
        aria-label="Severity"
        placeholder={filter.severity.length === 0 ? 'Any severity' : ''}
        data={severities.map((s) => ({ value: String(s.value), label: label(s.word, bySeverity.get(String(s.value)) ?? bySeverity.get(`Sev${s.value}`)) }))}
        value={filter.severity}
        onChange={(v) => set({ severity: v })}
      />
      <MultiSelect
        {...field}
        w={170}
        clearable
        aria-label="State"
        placeholder={filter.state.length === 0 ? 'Any state' : ''}
        data={['New', 'Acknowledged', 'Closed'].map((s) => ({ value: s, label: label(s, byState.get(s)) }))}
        value={filter.state}
        onChange={(v) => set({ state: v })}
      />
      <MultiSelect
        {...field}
        w={220}
        clearable
        searchable
        aria-label="Rule"
        placeholder={filter.rule.length === 0 ? 'Any rule' : ''}
        data={rules.map((r) => ({ value: r, label: label(r, byRule.get(r)) }))}
        value={filter.rule}
        onChange={(v) => set({ rule: v })}
      />
      <TypedFilter width={190} label="Scope" placeholder="endpoint/deployment/instance" value={filter.scope} onChange={(scope) => set({ scope })} />
      {!filter.open && <Select {...field} w={150} aria-label="Condition" placeholder="Fired or resolved" clearable data={['Fired', 'Resolved']} value={filter.condition || null} onChange={(v) => set({ condition: v })} />}
      <Select
        {...field}
        w={150}
        clearable
        aria-label="Suppressed"
        placeholder="Told or not"
        data={[
          { value: 'false', label: 'Not suppressed' },
          { value: 'true', label: 'Suppressed' },
        ]}
        value={filter.suppressed || null}
        onChange={(v) => set({ suppressed: v })}
      />
      {isNarrowed(filter) && (
        <Button size="compact-sm" variant="subtle" onClick={onClear}>
          Clear filters
        </Button>
      )}
    </Group>
  );
}
