import { Button, Code, Group, Modal, Skeleton, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { asProblem } from '@/api/problem';
import { copyText } from '@/components/copy';
import { ProblemBox } from '@/components/Panel';
import { emptySpec, type ChartSpec } from '@/lib/chartspec';
import { formatInstant, type Span } from '@/lib/time';
import { exploreLink } from './links';
import { usePlan, type PlanStep } from './specQuery';

interface Props {
  title: string;
  spec: ChartSpec;
  span: Span;
  utc: boolean;
  onClose: () => void;
}

/** The PromQL that a chart was computed with, and what it cost. */
export function PlanModal({ title, spec, span, utc, onClose }: Props) {
  const written = spec.promql.length > 0;
  const plan = usePlan(spec, span, !written);
  return (
    <Modal opened onClose={onClose} title={`PromQL of ${title}`} size="xl">
      <Stack gap="md">
        {written ? (
          spec.promql.map((expr) => <Expression key={expr} expr={expr} spec={spec} about="As it was written" />)
        ) : (
          <>
            <Text size="sm" c="dimmed">
              The value at an instant is that of the window that ends then. Paste an expression into Grafana with the same step.
            </Text>
            {plan.error !== null && <ProblemBox problem={asProblem(plan.error)} onRetry={() => void plan.refetch()} />}
            {plan.isPending && (
              <div role="status" aria-label="The plan is loading">
                <Skeleton height={80} />
              </div>
            )}
            {plan.data?.map((step) => (
              <Expression
                key={`${step.metric} ${step.aggregation} ${step.start} ${step.expr}`}
                expr={step.expr}
                spec={{ ...spec, interval: step.step }}
                about={aboutStep(step, utc)}
                cost={`${step.series.toLocaleString('en-US')} series, ${step.samples.toLocaleString('en-US')} samples, ${step.duration_ms.toLocaleString('en-US', { maximumFractionDigits: 1 })} ms`}
              />
            ))}
          </>
        )}
      </Stack>
    </Modal>
  );
}

function aboutStep(step: PlanStep, utc: boolean): string {
  const end = formatInstant(Date.parse(step.end), utc, step.start !== step.end);
  const windows = step.start === step.end ? `one window of ${step.step} that ends at ${end}` : `windows of ${step.step} that end from ${formatInstant(Date.parse(step.start), utc)} to ${end}`;
  return `${step.metric}, ${step.aggregation}, ${windows}${step.rollup === '' ? '' : `, from roll-ups of ${step.rollup}`}`;
}

function Expression({ expr, about, cost, spec }: { expr: string; about: string; cost?: string; spec: ChartSpec }) {
  const [copied, setCopied] = useState<boolean>();
  const [search] = useSearchParams();
  return (
    <Stack gap={4}>
      <Text size="xs" c="dimmed">
        {about}
      </Text>
      <Code block style={{ whiteSpace: 'pre-wrap' }}>
        {expr}
      </Code>
      <Group gap="xs">
        <Button size="compact-xs" variant="default" onClick={() => void copyText(expr).then(setCopied)}>
          {copied === undefined ? 'Copy' : copied ? 'Copied' : 'Could not copy'}
        </Button>
        <Button size="compact-xs" variant="default" component={Link} to={exploreLink(search, { ...emptySpec, promql: [expr], interval: spec.interval, kind: spec.kind === 'distribution' ? 'line' : spec.kind })}>
          Open as PromQL
        </Button>
        {cost !== undefined && (
          <Text size="xs" c="dimmed">
            {cost}
          </Text>
        )}
      </Group>
    </Stack>
  );
}
