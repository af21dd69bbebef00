/** Severities as people say them; 0 is worst. */

import type { StatusKind } from '@/components/Status';

export interface Severity {
  value: number;
  word: string;
  kind: StatusKind;
}

export const severities: readonly Severity[] = [
  { value: 0, word: 'Critical', kind: 'critical' },
  { value: 1, word: 'Error', kind: 'critical' },
  { value: 2, word: 'Warning', kind: 'warning' },
  { value: 3, word: 'Informational', kind: 'info' },
  { value: 4, word: 'Verbose', kind: 'none' },
];

/** A severity by its number; rules without one are informational. */
export function severityOf(value: number | undefined): Severity {
  return severities[value ?? 3] ?? { value: value ?? 3, word: `Severity ${value ?? 3}`, kind: 'none' };
}
