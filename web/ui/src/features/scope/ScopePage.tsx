import { SimpleGrid, Stack, Text } from '@mantine/core';
import { useMemo } from 'react';
import { useParams } from 'react-router';
import { asProblem } from '@/api/problem';
import { asOne } from '@/components/asked';
import { notesOf } from '@/components/chart/answer';
import { PageHead } from '@/components/PageHead';
import { ProblemBox } from '@/components/Panel';
import { scopeName } from '@/lib/scope';
import { formatInstant } from '@/lib/time';
import { usePageView } from '@/view/view';
import { Actions } from './Actions';
import { Explain, useExplaining } from './explain/Explain';
import { useFacts, type Facts } from './facts';
import { useParts } from './family';
import { Happened } from './happened/Happened';
import { happenedVerdict } from './happened/verdict';
import { Headline } from './Headline';
import { Contents, Section } from './Section';
import { Different } from './sections/Different';
import { Healthy } from './sections/Healthy';
import { Cache, Generate, Gpu, Scale } from './sections/Model';
import { Resources } from './sections/Resources';
import { WhereTime } from './sections/WhereTime';
import { Siblings } from './Siblings';
import type { Summary } from './summary';
import { differenceVerdict } from './verdicts/difference';
import { healthVerdict } from './verdicts/health';
import { cacheVerdict, generateVerdict, gpuVerdict } from './verdicts/model';
import { resourcesVerdict } from './verdicts/resources';
import { scaleVerdict, timeVerdict } from './verdicts/time';

/** One endpoint, deployment or instance: the same page at three levels. */
export function Component() {
  const { endpoint = '', deployment, instance } = useParams();
  const scope = [endpoint, deployment, instance].filter((p) => p !== undefined).join('/');
  return <ScopeView key={scope} scope={scope} />;
}

function ScopeView({ scope }: { scope: string }) {
  const { view } = usePageView();
  const explaining = useExplaining();
  const facts = useFacts(scope, view);
  const parts = useParts(scope, view);
  const { asked, readings, way, members, instances, deployments, happenings } = facts;
  const { tree, summary } = asked;
  const difference = useMemo(() => differenceVerdict(instances, deployments), [instances, deployments]);
  const head = (
    <PageHead title={scopeName(scope)} scope={scope} beside={(s) => <Siblings scope={s} tree={tree.data} />}>
      <Actions scope={scope} tree={tree.data} />
    </PageHead>
  );

  // What has left more than a day ago is in no tree, but its past may be looked at. What neither knows is told once, not by every panel.
  const problem = summary.data === undefined && summary.error !== null ? asProblem(summary.error) : undefined;
  if (problem !== undefined && facts.node === undefined && (problem.status === 404 || (tree.error !== null && tree.data === undefined))) {
    return (
      <Stack gap="md">
        {head}
        <ProblemBox problem={problem} {...(problem.status === 404 ? {} : { onRetry: () => void Promise.all([tree.refetch(), summary.refetch()]) })} />
      </Stack>
    );
  }
  const { loaded } = facts;
  const model = loaded && asked.model.data !== undefined;
  const sections = {
    healthy: { question: 'Is it healthy?', verdict: loaded && facts.healthSettled ? healthVerdict({ summary: readings, requests: facts.requests, requestsBefore: facts.compared ? facts.requestsBefore : null, alerts: facts.open, more: facts.openMore, unknown: facts.unknown, past: facts.past, silent: facts.silent, lastSeen: lastSeenOf(facts, view.utc) }) : undefined },
    different: { question: 'Is one instance different?', verdict: asked.family.data === undefined ? undefined : difference },
    time: { question: 'Where does the time go?', verdict: way === undefined ? undefined : timeVerdict(way) },
    scale: { question: 'Scale or tune?', verdict: way === undefined || !model ? undefined : scaleVerdict(way, readings) },
    generate: { question: 'How fast does it generate?', verdict: model ? generateVerdict(readings) : undefined },
    cache: { question: 'Is the cache working?', verdict: model ? cacheVerdict(readings) : undefined },
    gpu: { question: 'Is the GPU doing work?', verdict: loaded ? gpuVerdict(readings) : undefined },
    resources: { question: 'Has it enough of everything?', verdict: asked.family.data === undefined || parts === undefined ? undefined : resourcesVerdict(members, scope, parts) },
    happened: { question: 'What happened?', verdict: facts.happenedSettled ? happenedVerdict(happenings, facts.gaps) : undefined },
  };
  const explainMetric = metricToExplain(readings);
  return (
    <Stack gap="lg">
      <div>
        {head}
        <Headline asked={loaded ? asOne(readings, [summary, asked.cover, asked.open]) : asOne<Summary>(undefined, [summary, asked.cover])} coverage={facts.coverage} warnings={notesOf(summary.data, asked.model.data, asked.cover.data)} scope={scope} alerts={facts.open.length} more={facts.openMore} alertsProblem={facts.openProblem} onExplain={() => explaining.ask(explainMetric)} />
        {facts.node === undefined && tree.data === undefined && tree.error !== null && (
          <Text size="sm" c="dimmed" mt="xs" role="status">
            It has not reported within the last day. This is what is known of its past.
          </Text>
        )}
        <Contents sections={Object.entries(sections).map(([id, s]) => ({ id, ...s }))} />
      </div>
      <Explain scope={scope} asking={explaining.asking} onAsk={explaining.ask} onClose={explaining.close} />

      <Section id="healthy" {...sections.healthy}>
        {loaded && facts.requests === null ? null : <Healthy scope={scope} marks={facts.marks} />}
      </Section>
      <Section id="different" {...sections.different}>
        <Different scope={scope} facts={facts} who={difference.who} />
      </Section>
      <Section id="time" {...sections.time}>
        {way?.requests === null ? null : <WhereTime scope={scope} marks={facts.marks} />}
      </Section>
      <Section id="scale" {...sections.scale}>
        {sections.scale.verdict === undefined || (sections.scale.verdict.kind === 'none' && way?.requests === null) ? null : <Scale scope={scope} readings={readings} marks={facts.marks} />}
      </Section>
      <Section id="generate" {...sections.generate}>
        {sections.generate.verdict === undefined || sections.generate.verdict.kind === 'none' ? null : <Generate scope={scope} readings={readings} marks={facts.marks} />}
      </Section>
      <Section id="cache" {...sections.cache}>
        {sections.cache.verdict === undefined || sections.cache.verdict.kind === 'none' ? null : <Cache scope={scope} readings={readings} marks={facts.marks} />}
      </Section>
      <Section id="gpu" {...sections.gpu}>
        {sections.gpu.verdict === undefined || sections.gpu.verdict.kind === 'none' ? null : <Gpu scope={scope} facts={facts} />}
      </Section>
      <Section id="resources" {...sections.resources}>
        <Resources scope={scope} facts={facts} />
      </Section>
      <Section id="happened" {...sections.happened}>
        <SimpleGrid cols={1}>
          <Happened asked={asked.happened} happenings={happenings} span={facts.span} gaps={facts.gaps} />
        </SimpleGrid>
      </Section>
    </Stack>
  );
}

/** When an instance that does not report now was last heard of, in words. */
function lastSeenOf({ node, past }: Facts, utc: boolean): string | undefined {
  return past || node === undefined || node.level !== 'instance' || node.state === 'ready' ? undefined : formatInstant(Date.parse(node.last_sample), utc);
}

/** What "What changed?" asks first: errors where they doubled, otherwise latency, and where nobody measures requests the CPU. */
function metricToExplain(readings: Summary): string {
  const errors = readings('ErrorRatio');
  if (errors.now !== null && errors.before !== null && errors.now > 2 * errors.before) return 'ErrorRatio';
  return readings('RequestLatency_P99').now === null && readings('CpuUtilizationPercentage').now !== null ? 'CpuUtilizationPercentage' : 'RequestLatency_P99';
}
