import { SimpleGrid } from '@mantine/core';
import type { Mark } from '@/components/chart/model';
import { MetricPanel } from '@/panels/MetricPanel';
import { ByInstance, useLook } from '../ByInstance';
import type { Facts } from '../facts';
import type { Summary } from '../summary';

const columns = { base: 1, sm: 2, lg: 3 };

interface Props {
  scope: string;
  readings: Summary;
  marks: readonly Mark[];
}

const has = (readings: Summary, ...metrics: string[]) => metrics.some((m) => readings(m).now !== null);

/** What waits against what is worked on. */
export function Scale({ scope, readings, marks }: Props) {
  return (
    <SimpleGrid cols={columns} spacing="sm">
      <MetricPanel title="Requests in flight" hint="Requests that were begun and not yet answered, as the proxy counts them" scope={scope} metric="RequestsInFlight" marks={marks} empty="No proxy counts requests here." />
      {has(readings, 'ModelRequestsRunning', 'ModelRequestsWaiting') && (
        <MetricPanel title="Requests in the engine" hint="What the engine works on, and what waits for its turn there" scope={scope} metric={['ModelRequestsRunning', 'ModelRequestsWaiting']} name={(s) => (s.metric === 'ModelRequestsRunning' ? 'running' : 'waiting')} kind="stack" marks={marks} />
      )}
      <MetricPanel title="Wait for a turn (P99)" hint="In the proxy and in the engine" scope={scope} metric={['QueueTime_P99', 'ModelQueueTime_P99']} name={(s) => (s.metric === 'QueueTime_P99' ? 'proxy' : 'engine')} marks={marks} empty="Nothing waited, or nothing tells of a queue." />
    </SimpleGrid>
  );
}

/** First tokens, the pace of the others, and how many. */
export function Generate({ scope, readings, marks }: Props) {
  const proxied = has(readings, 'TimeToFirstToken_P50');
  const [first, gap] = proxied ? ['TimeToFirstToken', 'InterTokenLatency'] : ['ModelTimeToFirstToken', 'ModelInterTokenLatency'];
  const percentile = (s: { metric: string }) => s.metric.replace(/^.*_/, '');
  const where = proxied ? 'on the clock of the proxy' : 'on the clock of the engine';
  return (
    <SimpleGrid cols={columns} spacing="sm">
      <MetricPanel title="Time to first token" hint={`From the last byte of a request to the first of a streamed answer, ${where}`} scope={scope} metric={[`${first}_P50`, `${first}_P99`]} name={percentile} marks={marks} empty="No answer was streamed in this time." />
      <MetricPanel title="Time between tokens" hint={`From one piece of a streamed answer to the next, ${where}`} scope={scope} metric={[`${gap}_P50`, `${gap}_P99`]} name={percentile} marks={marks} empty="No answer was streamed in this time." />
      <MetricPanel title="Tokens per second" hint="Read (input) and written (output), over all instances" scope={scope} metric="TokensPerSecond" split="direction" marks={marks} empty="The model server told of no tokens in this time." />
    </SimpleGrid>
  );
}

/** How full the cache is, and what is found in it. */
export function Cache({ scope, readings, marks }: Props) {
  return (
    <SimpleGrid cols={columns} spacing="sm">
      {has(readings, 'CacheUtilization') && <MetricPanel title="Cache in use" hint="Share of the key-value cache that is used" scope={scope} metric="CacheUtilization" split="instanceId" top={10} marks={marks} />}
      {has(readings, 'PrefixCacheHitRatio') && <MetricPanel title="Found in the prefix cache" hint="Share of the prompts' tokens that were found there and need not be read again" scope={scope} metric="PrefixCacheHitRatio" marks={marks} empty="Nothing was looked up in this time." />}
      {has(readings, 'ModelPreemptions') && <MetricPanel title="Put back for want of cache" hint="Requests per minute that the engine had begun and had to put back" scope={scope} metric="ModelPreemptions" aggregation="Average" marks={marks} />}
    </SimpleGrid>
  );
}

const units: Record<string, string> = { GpuSmActivity: 'SM', GpuTensorActivity: 'tensor', GpuDramActivity: 'DRAM', GpuUtilizationPercentage: 'GPU_UTIL' };
const gpuUnit = (series: { metric: string }) => units[series.metric] ?? series.metric;

/** What the parts of the GPU do, before how long it was busy; and what holds it back. */
export function Gpu({ scope, facts }: { scope: string; facts: Facts }) {
  const { readings, marks, level, instances } = facts;
  const [look] = useLook(instances.length);
  const split = level === 'instance' ? 'gpu' : 'instanceId';
  const what = level === 'instance' ? 'GPU' : 'instance';
  const activity = ['GpuSmActivity', 'GpuTensorActivity', 'GpuDramActivity'].filter((m) => has(readings, m));
  return (
    <SimpleGrid cols={columns} spacing="sm">
      <MetricPanel title="Activity of its units" hint="Of multiprocessors (SM), tensor cores and memory (DRAM); GPU_UTIL only says that something ran" scope={scope} metric={[...activity, 'GpuUtilizationPercentage']} name={gpuUnit} marks={marks} empty="This GPU does not tell of its units." />
      <ByInstance title={`${activity.length > 0 ? 'SM activity' : 'GPU_UTIL'} by ${what}`} scope={scope} metric={activity.length > 0 ? 'GpuSmActivity' : 'GpuUtilizationPercentage'} split={split} look={look} marks={marks} empty="Nobody told in this time." />
      <ByInstance title={`GPU memory by ${what}`} scope={scope} metric="GpuMemoryUtilizationPercentage" split={split} look={look} empty="Nobody told in this time." />
      <ByInstance title={`Temperature by ${what}`} scope={scope} metric="GpuTemperature" split={split} look={look} empty="Nobody told in this time." />
      <MetricPanel title="Clocks held back" hint="Share of the time, by reason; reasons overlap" scope={scope} metric="GpuThrottleRatio" split="reason" top={6} marks={marks} empty="Nobody told in this time." />
      <MetricPanel title="Power" scope={scope} metric="GpuPower" split={split} top={10} kind={look === 'heat' ? 'heat' : 'line'} empty="Nobody told in this time." />
    </SimpleGrid>
  );
}
