import { SimpleGrid, Text } from '@mantine/core';
import type { MetricsSeries } from '@/api/types';
import { MetricPanel } from '@/panels/MetricPanel';

interface Chart {
  title: string;
  hint?: string;
  metric: string;
  /** What it is about, for the line that says what is missing. */
  about: string;
}

const charts: readonly Chart[] = [
  { title: 'Requests', hint: 'Requests per minute', metric: 'RequestsPerMinute', about: 'requests' },
  { title: 'Share of errors', hint: 'Of all requests', metric: 'ErrorRatio', about: 'requests' },
  { title: 'Latency P99', hint: '99 of 100 requests took less than this', metric: 'RequestLatency_P99', about: 'requests' },
  { title: 'Latency P50', hint: 'Half of the requests took less than this', metric: 'RequestLatency_P50', about: 'requests' },
  { title: 'First token P99', hint: '99 of 100 streamed answers began sooner than this', metric: 'TimeToFirstToken_P99', about: 'streamed answers' },
  { title: 'Tokens per second', metric: 'TokensPerSecond', about: 'tokens' },
  { title: 'Waiting', hint: 'Share of their time in the engine that requests spent in its queue', metric: 'QueueShare', about: "the engine's queue" },
  { title: 'CPU', metric: 'CpuUtilizationPercentage', about: 'CPU' },
  { title: 'Memory', metric: 'CpuMemoryUtilizationPercentage', about: 'memory' },
  { title: 'GPU SM activity', hint: 'Share of the cycles in which the multiprocessors had work', metric: 'GpuSmActivity', about: "the activity of a GPU's units" },
  { title: 'GPU', hint: 'Share of the time in which anything ran on it', metric: 'GpuUtilizationPercentage', about: 'GPUs' },
  { title: 'GPU memory', metric: 'GpuMemoryUtilizationPercentage', about: 'GPUs' },
];

interface Props {
  scopes: string[];
  /** Of each scope, in the same order. */
  names: readonly string[];
  /** Metrics that any of the scopes has. */
  has: ReadonlySet<string>;
}

/** A chart for each metric, with a line for each scope, all on one axis and with the time before behind. */
export function Charts({ scopes, names, has }: Props) {
  const name = (s: MetricsSeries) => names[scopes.indexOf(s.scope)] ?? s.scope;
  const missing = [...new Set(charts.filter((c) => !has.has(c.metric)).map((c) => c.about))];
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
        {charts
          .filter((c) => has.has(c.metric))
          .map((c) => (
            <MetricPanel key={c.metric} title={c.title} {...(c.hint === undefined ? {} : { hint: c.hint })} scope={scopes} metric={c.metric} name={name} />
          ))}
      </SimpleGrid>
      {missing.length > 0 && (
        <Text size="sm" c="dimmed">
          Nothing was measured in this time of: {missing.join(', ')}.
        </Text>
      )}
    </>
  );
}
