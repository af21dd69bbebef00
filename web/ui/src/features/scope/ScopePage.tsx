import { SimpleGrid, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMemo } from 'react';
import { useParams } from 'react-router';
import { useFiredAlerts, useMetrics } from '@/api/hooks';
import { asProblem } from '@/api/problem';
import { PageHead } from '@/components/PageHead';
import { ProblemBox } from '@/components/Panel';
import { Status } from '@/components/Status';
import { levelOf, scopeName } from '@/lib/scope';
import { MetricPanel } from '@/panels/MetricPanel';
import { usePageView } from '@/view/view';
import { Children } from './Children';
import { Events } from './Events';
import { Explain } from './Explain';
import { Headline, Section } from './Headline';
import { hopsOf } from './hops';
import { marksOf, useAlertsOf, useEvents, useScope, useSummary } from './queries';
import { summaryOf } from './summary';
import { hopMetrics, TimePanel, useHops } from './TimePanel';
import { cacheVerdict, differenceVerdict, gpuVerdict, healthVerdict, scaleVerdict, timeVerdict, type Sister, type Verdict } from './verdicts';

const columns = { base: 1, sm: 2, lg: 3 };

/** One endpoint, deployment or instance: the same page at three levels. */
export function Component() {
  const { endpoint = '', deployment, instance } = useParams();
  const scope = [endpoint, deployment, instance].filter((p) => p !== undefined).join('/');
  return <ScopeView key={scope} scope={scope} />;
}

function ScopeView({ scope }: { scope: string }) {
  const { view } = usePageView();
  const [explaining, explain] = useDisclosure(false);
  const tree = useScope(scope, view);
  const summary = useSummary(scope, view);
  const fired = useFiredAlerts(view);
  const alerts = useAlertsOf(scope, view);
  const events = useEvents(scope, view);
  const hops = useHops(scope, view);
  const meanHops = useMetrics({ scope, metric: hopMetrics, interval: 'full' }, { ...view, compare: '' });
  const level = levelOf(scope);
  const instances = useMetrics({ scope: level === 'endpoint' ? `${scope}/*/*` : `${scope}/*`, metric: ['RequestLatency_P99', 'ErrorRatio'], interval: 'full' }, { ...view, compare: '' }, level !== 'instance');

  const readings = useMemo(() => summaryOf(summary.data, scope), [summary.data, scope]);
  const marks = useMemo(() => marksOf(events.data ?? [], alerts.data ?? []), [events.data, alerts.data]);
  const open = (fired.data ?? []).filter((a) => a.scope === scope || a.scope?.startsWith(`${scope}/`) === true).map((a) => ({ name: a.alertRule ?? 'an alert', severity: a.severity ?? 4 }));
  const sisters = useMemo((): Sister[] => {
    const names = [...new Set((instances.data?.series ?? []).map((s) => s.scope))];
    return names.map((name) => {
      const of = summaryOf(instances.data, name);
      return { name: scopeName(name), p99: of('RequestLatency_P99').now, errors: of('ErrorRatio').now };
    });
  }, [instances.data]);
  const means = summaryOf(meanHops.data, scope);
  const has = (...metrics: string[]) => metrics.some((m) => readings(m).now !== null);

  if (tree.data === undefined && tree.error !== null) {
    return (
      <Stack gap="md">
        <PageHead title={scopeName(scope)} scope={scope} />
        <ProblemBox problem={asProblem(tree.error)} onRetry={() => void tree.refetch()} />
      </Stack>
    );
  }
  const loaded = summary.data !== undefined;
  return (
    <Stack gap="lg">
      <div>
        <PageHead title={scopeName(scope)} scope={scope} />
        <Headline asked={{ ...summary, data: loaded ? readings : undefined }} alerts={open.length} onExplain={explain.open} />
      </div>
      <Explain scope={scope} metric="RequestLatency_P99" opened={explaining} onClose={explain.close} />

      <Section id="healthy" question="Is it healthy?" verdict={loaded && <Line verdict={healthVerdict(readings, open, tree.data?.missing ?? 0)} />}>
        <SimpleGrid cols={columns} spacing="sm">
          <MetricPanel title="Requests by status" hint="Requests per minute by class of their status code" scope={scope} metric="RequestsPerMinute" split="statusCodeClass" kind="stack" marks={marks} empty="No requests in this time." />
          <MetricPanel title="Latency" hint="From the first byte of the request to the last of the answer" scope={scope} metric={['RequestLatency_P50', 'RequestLatency_P90', 'RequestLatency_P95', 'RequestLatency_P99']} name={percentile} marks={marks} empty="No requests in this time." />
          <MetricPanel title="Share of errors" scope={scope} metric="ErrorRatio" kind="area" marks={marks} empty="No requests in this time." />
        </SimpleGrid>
      </Section>

      {level !== 'instance' && (
        <Section id="different" question="Is one instance different?" verdict={instances.data !== undefined && <Line verdict={differenceVerdict(sisters, 'instance')} />}>
          <Stack gap="sm">
            {tree.data !== undefined && <Children scope={tree.data} />}
            <SimpleGrid cols={columns} spacing="sm">
              <MetricPanel title="P99 by instance" scope={scope} metric="RequestLatency_P99" split="instanceId" top={10} marks={marks} empty="No requests in this time." />
              <MetricPanel title="Requests by instance" scope={scope} metric="RequestsPerMinute" split="instanceId" top={10} empty="No requests in this time." />
              <MetricPanel title="CPU by instance" scope={scope} metric="CpuUtilizationPercentage" split="instanceId" top={10} empty="No agent told of its CPU in this time." />
            </SimpleGrid>
          </Stack>
        </Section>
      )}

      <Section id="time" question="Where does the time go?" verdict={meanHops.data !== undefined && <Line verdict={timeVerdict(hopsOf((m) => means(m).now))} />}>
        <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm">
          <TimePanel answer={hops} marks={marks} />
          <MetricPanel title="Requests in flight" hint="Requests that were begun and not yet answered" scope={scope} metric="RequestsInFlight" marks={marks} height={200} empty="No requests in this time." />
        </SimpleGrid>
      </Section>

      {has('QueueShare', 'ModelRequestsWaiting') && (
        <Section id="scale" question="Scale or tune?" verdict={<Line verdict={scaleVerdict(readings)} />}>
          <SimpleGrid cols={columns} spacing="sm">
            <MetricPanel title="Requests in the engine" scope={scope} metric={['ModelRequestsRunning', 'ModelRequestsWaiting']} name={(s) => (s.metric === 'ModelRequestsRunning' ? 'running' : 'waiting')} kind="stack" />
            <MetricPanel title="Share of waiting" scope={scope} metric="QueueShare" kind="area" />
            <MetricPanel title="Tokens per second" scope={scope} metric="TokensPerSecond" split="direction" empty="This model has no tokens." />
          </SimpleGrid>
        </Section>
      )}

      {has('PrefixCacheHitRatio', 'CacheUtilization') && (
        <Section id="cache" question="Is the cache working?" verdict={<Line verdict={cacheVerdict(readings)} />}>
          <SimpleGrid cols={columns} spacing="sm">
            <MetricPanel title="Cache in use" scope={scope} metric="CacheUtilization" />
            <MetricPanel title="Found in the prefix cache" scope={scope} metric="PrefixCacheHitRatio" />
          </SimpleGrid>
        </Section>
      )}

      {has('GpuUtilizationPercentage', 'GpuSmActivity') && (
        <Section id="gpu" question="Is the GPU doing work?" verdict={<Line verdict={gpuVerdict(readings)} />}>
          <SimpleGrid cols={columns} spacing="sm">
            <MetricPanel title="Activity of its units" hint="Of streaming multiprocessors, tensor cores and memory; GPU_UTIL only says that something ran" scope={scope} metric={['GpuSmActivity', 'GpuTensorActivity', 'GpuDramActivity', 'GpuUtilizationPercentage']} name={gpuUnit} empty="This GPU does not tell of its units." />
            <MetricPanel title="GPU memory" scope={scope} metric="GpuMemoryUtilizationPercentage" split="instanceId" top={10} />
            <MetricPanel title="Temperature" scope={scope} metric="GpuTemperature" split="instanceId" top={10} />
          </SimpleGrid>
        </Section>
      )}

      <Section id="resources" question="Has it enough of everything?">
        <SimpleGrid cols={columns} spacing="sm">
          <MetricPanel title="CPU" scope={scope} metric="CpuUtilizationPercentage" marks={marks} empty="No agent told of its CPU in this time." />
          <MetricPanel title="Memory" scope={scope} metric="CpuMemoryUtilizationPercentage" marks={marks} empty="No agent told of its memory in this time." />
          <MetricPanel title="Disk" scope={scope} metric="DiskUtilization" split="disk" top={5} empty="No agent told of its disks in this time." />
          <MetricPanel title="Network" scope={scope} metric="NetworkBytes" split="direction" empty="No traffic in this time." />
          <MetricPanel title="Connections" scope={scope} metric="ConnectionsActive" empty="No connections in this time." />
          <MetricPanel title="Size of requests and answers" scope={scope} metric={['RequestSize', 'ResponseSize']} name={(s) => (s.metric === 'RequestSize' ? 'request' : 'answer')} empty="No requests in this time." />
        </SimpleGrid>
      </Section>

      <Section id="happened" question="What happened?">
        <Events events={events} alerts={alerts} />
      </Section>
    </Stack>
  );
}

const percentile = (series: { metric: string }) => series.metric.replace('RequestLatency_', '');

const units: Record<string, string> = { GpuSmActivity: 'SM', GpuTensorActivity: 'tensor', GpuDramActivity: 'memory', GpuUtilizationPercentage: 'GPU_UTIL' };
const gpuUnit = (series: { metric: string }) => units[series.metric] ?? series.metric;

function Line({ verdict }: { verdict: Verdict }) {
  return (
    <Text component="div" size="sm">
      <Status kind={verdict.kind}>{verdict.text}</Status>
    </Text>
  );
}
