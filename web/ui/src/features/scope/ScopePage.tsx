import { SimpleGrid, Stack, Title } from '@mantine/core';
import { useParams } from 'react-router';
import { PageHead } from '@/components/PageHead';
import { childDimension, childLevel, scopeName } from '@/lib/scope';
import { MetricPanel } from '@/panels/MetricPanel';

/** One endpoint, deployment or instance: the same page at three levels. */
export function Component() {
  const { endpoint = '', deployment, instance } = useParams();
  const scope = [endpoint, deployment, instance].filter((p) => p !== undefined).join('/');
  const split = childDimension(scope);
  const below = childLevel(scope);
  return (
    <Stack gap="md">
      <PageHead title={scopeName(scope)} scope={scope} />
      <section aria-labelledby="healthy">
        <Title order={2} size="h5" id="healthy" mb="xs">
          Is it healthy?
        </Title>
        <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
          <MetricPanel title="Requests by status" scope={scope} metric="RequestsPerMinute" split="statusCodeClass" kind="stack" />
          <MetricPanel title="Latency" scope={scope} metric={['RequestLatency_P50', 'RequestLatency_P90', 'RequestLatency_P95', 'RequestLatency_P99']} name={percentile} />
          <MetricPanel title="Share of errors" scope={scope} metric="ErrorRatio" kind="area" />
        </SimpleGrid>
      </section>
      {split !== undefined && (
        <section aria-labelledby="different">
          <Title order={2} size="h5" id="different" mb="xs">
            Is one {below} different?
          </Title>
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
            <MetricPanel title={`P99 by ${below}`} scope={scope} metric="RequestLatency_P99" split={split} top={10} />
            <MetricPanel title={`Requests by ${below}`} scope={scope} metric="RequestsPerMinute" split={split} top={10} />
            <MetricPanel title={`CPU by ${below}`} scope={scope} metric="CpuUtilizationPercentage" split={split} top={10} />
          </SimpleGrid>
        </section>
      )}
    </Stack>
  );
}

const percentile = (series: { metric: string }) => series.metric.replace('RequestLatency_', '');
