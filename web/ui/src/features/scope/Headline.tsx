import { Button, Group, Text } from '@mantine/core';
import { asProblem } from '@/api/problem';
import { Figure } from '@/components/Figure';
import { Panel, type Asked } from '@/components/Panel';
import { comparable } from '@/lib/rates';
import { day, formatInstant } from '@/lib/time';
import { formatDuration, formatValue, type Unit } from '@/lib/units';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { isWhole, type Coverage } from './coverage';
import type { Summary } from './summary';

const figures: { metric: string; label: string; hint: string; unit: Unit }[] = [
  { metric: 'RequestsPerMinute', label: 'requests', hint: 'Requests per minute, over the time that was measured', unit: 'CountPerMinute' },
  { metric: 'ErrorRatio', label: 'errors', hint: 'Share of the requests that were answered with a status of 400 or above', unit: 'Ratio' },
  { metric: 'RequestLatency_P99', label: 'P99', hint: '99 of 100 requests took less than this', unit: 'Milliseconds' },
  { metric: 'TokensPerSecond', label: 'tokens', hint: 'Tokens read and written per second, over the time that was measured', unit: 'CountPerSecond' },
  { metric: 'GpuUtilizationPercentage', label: 'GPU', hint: 'Share of the time in which its GPUs ran anything', unit: 'Percent' },
  { metric: 'CpuUtilizationPercentage', label: 'CPU', hint: 'Mean use of its CPUs', unit: 'Percent' },
  { metric: 'CpuMemoryUtilizationPercentage', label: 'memory', hint: 'Mean use of its memory', unit: 'Percent' },
];

/** Figures that a scope of another kind has not are left out, but never the first three. */
const always = 3;

interface Props {
  asked: Asked<Summary>;
  coverage: Coverage | undefined;
  /** What the answers warn of. */
  warnings: string | undefined;
  scope: string;
  alerts: number;
  /** Whether there are more alerts than are known. */
  more: boolean;
  /** Why alerts are not known. */
  alertsProblem: unknown;
  onExplain: () => void;
}

/** What one would say of a scope on the phone, each with its change against the time before. */
export function Headline({ asked, coverage, warnings, scope, alerts, more, alertsProblem, onExplain }: Props) {
  const { view } = usePageView();
  const note = coverage === undefined ? '' : noteOf(coverage, view.utc);
  return (
    <Panel asked={asked} height={34} truncated={() => warnings}>
      {(summary) => (
        <>
          <Group gap="xl" style={{ rowGap: 4 }}>
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
              <ViewLink to="/alerts" params={{ scope }}>
                <Text span size="sm" fw={600} c="var(--status-critical)">
                  ▲ {alerts}
                  {more && ' or more'} {alerts === 1 ? 'alert' : 'alerts'}
                </Text>
              </ViewLink>
            )}
            {alertsProblem != null && (
              <Text span size="sm" c="dimmed" title={asProblem(alertsProblem).message}>
                alerts unknown
              </Text>
            )}
            <Button size="xs" variant="light" ml="auto" onClick={onExplain}>
              What changed?
            </Button>
          </Group>
          {note !== '' && (
            <Text size="xs" c="dimmed" mt={4}>
              {note}
            </Text>
          )}
        </>
      )}
    </Panel>
  );
}

/** What the figures leave out, where the time was measured in part. */
function noteOf({ now, before, span }: Coverage, utc: boolean): string {
  const length = span.end - span.start;
  if (now.since === undefined) return '';
  const parts: string[] = [];
  if (!isWhole(now)) {
    const late = now.since > span.start + 0.05 * length;
    parts.push(`There are data ${late ? `since ${formatInstant(now.since, utc, length < day)}, ` : ''}for ${formatValue(now.share, 'Ratio')} of the ${formatDuration(length)}.`);
  }
  if (now.share < comparable || before.share < comparable) parts.push(before.share === 0 ? 'There are none of the time before, so nothing is compared.' : `Of the time before ${formatValue(before.share, 'Ratio')} is known, so nothing is compared.`);
  return parts.join(' ');
}
