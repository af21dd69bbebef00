import { Group, Text } from '@mantine/core';
import { formatValue } from '@/lib/units';
import type { Funnel } from './funnel';
import classes from './FunnelBars.module.css';

const steps: { key: keyof Funnel; label: string; hint: string }[] = [
  { key: 'provisioned', label: 'provisioned', hint: 'GPU hours that are paid for' },
  { key: 'bound', label: 'bound', hint: 'Something holds the GPU' },
  { key: 'active', label: 'active', hint: 'Something runs on it' },
  { key: 'effective', label: 'effective', hint: 'What runs uses much of the chip' },
];

/** The steps of a funnel as bars, each as long as its part of what is provisioned. */
export function FunnelBars({ funnel, compact = false }: { funnel: Funnel; compact?: boolean }) {
  const part = (key: keyof Funnel) => (funnel.provisioned === 0 ? 0 : funnel[key] / funnel.provisioned);
  if (compact) {
    return (
      <div className={classes.small} role="img" aria-label={steps.map((s) => `${s.label} ${formatValue(part(s.key), 'Ratio')}`).join(', ')}>
        {steps.map((s) => (
          <div key={s.key} style={{ width: `${part(s.key) * 100}%` }} />
        ))}
      </div>
    );
  }
  return (
    <div>
      {steps.map((s) => (
        <Group key={s.key} gap="xs" wrap="nowrap" title={s.hint}>
          <Text size="sm" w={90}>
            {s.label}
          </Text>
          <div className={classes.track}>
            <div className={classes.bar} style={{ width: `${part(s.key) * 100}%` }} />
          </div>
          <Text size="sm" w={130} style={{ whiteSpace: 'nowrap' }}>
            {formatValue(funnel[s.key], 'Hours')} · {formatValue(part(s.key), 'Ratio')}
          </Text>
        </Group>
      ))}
    </div>
  );
}
