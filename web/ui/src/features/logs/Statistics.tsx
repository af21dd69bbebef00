import { Text } from '@mantine/core';
import { formatInstant } from '@/lib/time';
import { formatValue } from '@/lib/units';
import type { Asked } from './queries';

const count = (n: number, what: string) => `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`;

/** How many rows, what it took, and over which time. */
export function Statistics({ asked: { answer, span, question }, utc }: { asked: Asked; utc: boolean }) {
  const rows = answer.tables.reduce((sum, t) => sum + t.rows.length, 0);
  const parts = [count(rows, 'row')];
  if (answer.statistics !== undefined) {
    parts.push(formatValue(answer.statistics.seconds, 'Seconds'), `${count(answer.statistics.scanned, 'row')} out of the store`);
  }
  parts.push(span === undefined ? 'any time, as far as the query says' : `${formatInstant(second(span.start), utc)} – ${formatInstant(second(span.end), utc)}`);
  if (question.scope !== '') parts.push(`of ${question.scope}`);
  return (
    <Text size="xs" c="dimmed" role="status">
      {parts.join(' · ')}
    </Text>
  );
}

const second = (ms: number) => Math.round(ms / 1000) * 1000;
