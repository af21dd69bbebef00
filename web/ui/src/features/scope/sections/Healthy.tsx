import { SimpleGrid } from '@mantine/core';
import type { Mark } from '@/components/chart/model';
import { DistributionPanel } from '@/panels/DistributionPanel';
import { MetricPanel } from '@/panels/MetricPanel';

const noRequests = 'No requests in this time.';
const percentile = (series: { metric: string }) => series.metric.replace('RequestLatency_', '');

/** Requests by what became of them, and how long they took. */
export function Healthy({ scope, marks }: { scope: string; marks: readonly Mark[] }) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
      <MetricPanel title="Requests by status" hint="Requests per minute by class of their status code: 2xx were answered, 4xx are the client's fault, 424 the model's, 5xx the service's" scope={scope} metric="RequestsPerMinute" split="statusCodeClass" kind="stack" marks={marks} empty={noRequests} />
      <MetricPanel title="Latency" hint="From the first byte of the request to the last of the answer; percentiles of all requests, never means of percentiles" scope={scope} metric={['RequestLatency_P50', 'RequestLatency_P90', 'RequestLatency_P95', 'RequestLatency_P99']} name={percentile} marks={marks} empty={noRequests} />
      <MetricPanel title="Share of errors" hint="Of all requests, those that were answered with a status of 400 or above" scope={scope} metric="ErrorRatio" kind="area" marks={marks} empty={noRequests} />
      <DistributionPanel title="Latency, all requests" hint="How many requests took how long: two humps are two kinds of requests, which percentiles do not tell" scope={scope} metric="RequestLatency" empty={noRequests} />
    </SimpleGrid>
  );
}
