import { Group, Paper, Text } from '@mantine/core';
import { Figure } from '@/components/Figure';
import { formatDuration, formatExact, formatValue, noData, type Unit } from '@/lib/units';
import { needed, percentiles, type PercentileKey } from './durations';
import { failureShare, type Figures } from './figures';

interface Props {
  figures: Figures;
  over: number;
  /** Why nothing is known of requests, where nothing is. */
  unknown: string | undefined;
}

/** What happens now, in large figures. What nobody tells of is left out, but for requests. */
export function Headline({ figures, over, unknown }: Props) {
  const window = formatDuration(over);
  const { requests, failures } = figures;
  const share = failureShare(figures);
  const counted = unknown ?? `${(requests ?? 0).toLocaleString('en-US')} requests in the last ${window}`;
  return (
    <Paper withBorder p="sm" component="section" aria-label="Now">
      <Group gap="xl" style={{ rowGap: 4 }}>
        <Large value={figures.rate} unit="CountPerSecond" label="requests" hint={counted} />
        <Large value={share} unit="Ratio" label="failed" hint={failures === null || requests === null ? counted : `${failures.toLocaleString('en-US')} of ${counted}`} bad={failures !== null && failures > 0} />
        {(['p50', 'p95', 'p99'] as const).map((key) => (
          <div key={key}>
            <Percentile figures={figures} percentile={key} window={window} large /> <Label>{key.toUpperCase()}</Label>
          </div>
        ))}
        <Large value={figures.inFlight} unit="Count" label="under way" hint="Requests that were begun and not yet answered, at the end of the last second; the filter does not narrow them" />
        {figures.outputTokens !== null && <Large value={figures.outputTokens} unit="CountPerSecond" label="tokens made" hint="As answers told; counted in the second in which the answer ended" />}
        {figures.cpu !== null && <Large value={figures.cpu} unit="Ratio" label="CPU" hint="Mean over the instances in the last second" />}
        {figures.memory !== null && <Large value={figures.memory} unit="Ratio" label="memory" hint="Mean over the instances in the last second" />}
        {figures.gpu !== null && <Large value={figures.gpu} unit="Ratio" label="GPU" hint={`Mean over the devices, as read ${formatDuration((figures.gpuAge ?? 0) * 1000)} ago at the most`} />}
      </Group>
      {figures.uncounted > 0 && (
        <Text size="xs" c="var(--status-warning)">
          {figures.uncounted.toLocaleString('en-US')} more requests of the last {window} are in no number, because proxies were too busy to count them.
        </Text>
      )}
    </Paper>
  );
}

/** What is bad is red, and has its word or number besides. */
export const critical = { color: 'var(--status-critical)' } as const;

const Label = ({ children }: { children: string }) => (
  <Text span size="sm" c="dimmed">
    {children}
  </Text>
);

function Large({ value, unit, label, hint, bad = false }: { value: number | null; unit: Unit; label: string; hint: string; bad?: boolean }) {
  return (
    <div title={hint}>
      <span style={bad ? critical : undefined}>
        <Figure value={value} unit={unit} size="xl" />
      </span>{' '}
      <Label>{label}</Label>
    </div>
  );
}

interface PercentileProps {
  figures: Figures;
  percentile: PercentileKey;
  /** Over how long it is, in words. */
  window: string;
  large?: boolean;
}

/** A percentile; where there are too few requests for it, that it is at most the longest. */
export function Percentile({ figures, percentile, window, large = false }: PercentileProps) {
  const value = figures.duration[percentile];
  const style = { whiteSpace: 'nowrap' } as const;
  const size = large ? 'xl' : 'sm';
  const requests = (figures.requests ?? 0).toLocaleString('en-US');
  if (value !== null || figures.longest === null) {
    return (
      <Text span size={size} fw={large ? 600 : undefined} style={style} title={figures.requests === null ? 'nobody told of requests' : value === null ? `no requests in the last ${window}` : `${formatExact(value, 'Seconds')}, of ${requests} requests in the last ${window}`}>
        {value === null ? noData : formatValue(value, 'Seconds')}
      </Text>
    );
  }
  const least = needed(percentiles.find((p) => p.key === percentile)?.q ?? 0);
  return (
    <Text span size={size} c="dimmed" style={style} title={`${percentile.toUpperCase()} needs ${least} requests, and there were ${requests} in the last ${window}: this is the longest of them`}>
      ≤ {formatValue(figures.longest, 'Seconds')}
    </Text>
  );
}
