import { Text } from '@mantine/core';
import { formatChange, formatExact, formatValue, type Unit } from '@/lib/units';

/** A number with its unit, and its change against what it was before. Every digit is in its tooltip. */
export function Figure({ value, before, unit, size = 'sm' }: { value: number | null; before?: number | null; unit: Unit; size?: 'sm' | 'xl' }) {
  const change = formatChange(value, before);
  return (
    <Text span size={size} fw={size === 'xl' ? 600 : undefined} style={{ whiteSpace: 'nowrap' }} title={formatExact(value, unit)}>
      {formatValue(value, unit)}
      {change !== '' && (
        <Text span size="xs" c="dimmed" ml={6} fw={400} title={`before: ${formatValue(before, unit)}`}>
          {change}
        </Text>
      )}
    </Text>
  );
}
