import { Button, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Panel, type Asked } from '@/components/Panel';
import { Figure } from '@/components/Figure';
import type { Unit } from '@/lib/units';
import type { Summary } from './summary';

const figures: { metric: string; label: string; hint: string; unit: Unit }[] = [
  { metric: 'RequestsPerMinute', label: 'requests', hint: 'Requests per minute over the whole time', unit: 'CountPerMinute' },
  { metric: 'ErrorRatio', label: 'errors', hint: 'Share of the requests that failed', unit: 'Ratio' },
  { metric: 'RequestLatency_P99', label: 'P99', hint: '99 of 100 requests took less than this', unit: 'Milliseconds' },
  { metric: 'TokensPerSecond', label: 'tokens', hint: 'Tokens read and made per second', unit: 'CountPerSecond' },
  { metric: 'GpuUtilizationPercentage', label: 'GPU', hint: 'Mean use of its GPUs', unit: 'Percent' },
  { metric: 'CpuUtilizationPercentage', label: 'CPU', hint: 'Mean use of its CPUs', unit: 'Percent' },
  { metric: 'CpuMemoryUtilizationPercentage', label: 'memory', hint: 'Mean use of its memory', unit: 'Percent' },
];

/** Figures that a scope of another kind has not are left out, but never the first three. */
const always = 3;

interface Props {
  asked: Asked<Summary>;
  alerts: number;
  onExplain: () => void;
}

/** What one would say of a scope on the phone, each with its change against the time before. */
export function Headline({ asked, alerts, onExplain }: Props) {
  return (
    <Panel asked={asked} height={34}>
      {(summary) => (
        <Group gap="xl">
          {figures
            .filter((f, i) => i < always || summary(f.metric).now !== null)
            .map((f) => (
              <div key={f.metric} title={f.hint}>
                <Figure value={summary(f.metric).now} before={summary(f.metric).before} unit={f.unit} size="xl" />{' '}
                <Text span size="sm" c="dimmed">
                  {f.label}
                </Text>
              </div>
            ))}
          {alerts > 0 && (
            <Text size="sm" fw={600} c="var(--status-critical)">
              ▲ {alerts} {alerts === 1 ? 'alert' : 'alerts'}
            </Text>
          )}
          <Button size="xs" variant="light" ml="auto" onClick={onExplain}>
            What changed?
          </Button>
        </Group>
      )}
    </Panel>
  );
}

/** A question of the page with its answer in a line. */
export function Section({ id, question, verdict, children }: { id: string; question: string; verdict?: ReactNode; children: ReactNode }) {
  return (
    <section aria-labelledby={id}>
      <Group gap="sm" mb="xs" align="baseline">
        <Text component="h2" size="md" fw={650} id={id} m={0}>
          {question}
        </Text>
        {verdict}
      </Group>
      {children}
    </section>
  );
}
