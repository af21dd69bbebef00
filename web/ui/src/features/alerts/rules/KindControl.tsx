import { SegmentedControl } from '@mantine/core';

export type RuleKind = 'metric' | 'log' | 'prometheus';

/** Chooses what a new rule asks. */
export function KindControl({ value, onChange }: { value: RuleKind; onChange: (kind: RuleKind) => void }) {
  return (
    <SegmentedControl
      aria-label="Kind of rule"
      data={[
        { value: 'metric', label: 'Metric' },
        { value: 'log', label: 'Log query' },
        { value: 'prometheus', label: 'PromQL' },
      ]}
      value={value}
      onChange={onChange}
    />
  );
}
