import { Group, Menu, Paper, SegmentedControl, Stack, VisuallyHidden } from '@mantine/core';
import { IconCopy, IconTrash } from '@tabler/icons-react';
import { useCallback, useMemo, useState } from 'react';
import { useDefinitions } from '@/api/hooks';
import { asProblem } from '@/api/problem';
import { Empty, ProblemBox } from '@/components/Panel';
import type { ChartSpec } from '@/lib/chartspec';
import { chartTitle } from '@/lib/charttitle';
import { scopeMatchers } from '@/lib/scope';
import { resolveRange } from '@/lib/time';
import { DistributionPanel } from '@/panels/DistributionPanel';
import { distributionOf } from '@/panels/distribution';
import { MetricChart } from '@/panels/MetricChart';
import { PromChart } from '@/panels/PromChart';
import { askExpressions } from '@/panels/specQuery';
import { usePageView } from '@/view/view';
import { choiceOf, choicesFor, commonDimensions, levelsOf } from './definitions';
import { DrawEditor } from './DrawEditor';
import { FilterEditor } from './FilterEditor';
import { MetricLines } from './MetricLines';
import { PromQueries } from './PromQueries';
import { ScopePicker } from './ScopePicker';
import { SplitEditor } from './SplitEditor';

interface Props {
  /** Which chart of the page it is, from 1. */
  number: number;
  spec: ChartSpec;
  onChange: (part: Partial<ChartSpec>) => void;
  onCopy: () => void;
  onRemove: () => void;
}

/** A chart of the explorer with everything that it is asked by. */
export function ChartEditor({ number, spec, onChange, onCopy, onRemove }: Props) {
  const { view } = usePageView();
  const definitions = useDefinitions();
  const [translating, setTranslating] = useState(false);
  const levels = levelsOf(spec.scopes);
  const level = levels.join();
  const choices = useMemo(() => choicesFor(definitions.data ?? [], level.split(',') as typeof levels), [definitions.data, level]);
  const displayName = useCallback((metric: string) => choiceOf(choices, metric)?.displayName ?? metric, [choices]);
  const chosen = spec.metrics.map((m) => choiceOf(choices, m.name));
  const dimensions = commonDimensions(chosen);
  const aggregations = (chosen[0]?.aggregations ?? []).filter((a) => chosen.every((c) => c?.aggregations.includes(a)));
  const written = spec.promql.length > 0;
  const title = chartTitle(spec, displayName);

  // In PromQL the chart goes on with the expressions that it was computed with.
  const toPromQL = async () => {
    setTranslating(true);
    try {
      onChange(await translate(spec, view.range));
    } finally {
      setTranslating(false);
    }
  };
  const more = (
    <>
      <Menu.Divider />
      <Menu.Item leftSection={<IconCopy size={16} aria-hidden />} onClick={onCopy}>
        Copy below
      </Menu.Item>
      <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} onClick={onRemove}>
        Remove from the page
      </Menu.Item>
    </>
  );
  return (
    <Stack gap={0} component="section" aria-labelledby={`chart-${number}`}>
      <VisuallyHidden component="h2" id={`chart-${number}`}>
        Chart {number}
      </VisuallyHidden>
      <Paper withBorder p="sm" style={{ borderBottom: 0 }}>
        <Stack gap={8}>
          <Group gap={8} justify="space-between" align="flex-start">
            <Group gap={8} style={{ flex: 1, minWidth: 0 }}>
              {!written && (
                <>
                  <ScopePicker value={spec.scopes} onChange={(scopes) => onChange({ scopes })} />
                  <MetricLines value={spec.metrics} choices={choices} loading={definitions.isPending} onChange={(metrics) => onChange({ metrics })} />
                </>
              )}
            </Group>
            <SegmentedControl
              size="xs"
              aria-label="Asked in"
              data={[
                { value: 'metrics', label: 'Metrics' },
                { value: 'promql', label: 'PromQL' },
              ]}
              value={written ? 'promql' : 'metrics'}
              disabled={translating}
              onChange={(mode) => (mode === 'promql' ? void toPromQL() : onChange({ promql: [] }))}
            />
          </Group>
          {written && <PromQueries queries={spec.promql} unit={spec.unit} onChange={(promql) => onChange({ promql })} onUnit={(unit) => onChange({ unit })} />}
          <Group gap={8}>
            {!written && (
              <>
                <FilterEditor spec={spec} dimensions={dimensions} onChange={(filter) => onChange({ filter })} />
                {spec.kind !== 'distribution' && <SplitEditor spec={spec} dimensions={dimensions} aggregations={aggregations} onChange={onChange} />}
              </>
            )}
            <DrawEditor spec={spec} distributed={!written && spec.metrics.some((m) => choiceOf(choices, `${distributionOf(m.name)}_P50`) !== undefined)} onChange={onChange} />
          </Group>
          {definitions.error !== null && <ProblemBox problem={asProblem(definitions.error)} onRetry={() => void definitions.refetch()} />}
        </Stack>
      </Paper>
      <Drawn spec={spec} title={title} unit={chosen[0]?.unit ?? ''} displayName={displayName} more={more} />
    </Stack>
  );
}

function Drawn({ spec, title, unit, displayName, more }: { spec: ChartSpec; title: string; unit: string; displayName: (metric: string) => string; more: React.ReactNode }) {
  const [first] = spec.metrics;
  if (spec.promql.length > 0) {
    return spec.promql.every((q) => q.trim() === '') ? <Hint text="Write an expression, and press Enter." /> : <PromChart spec={spec} exploring more={more} />;
  }
  if (spec.scopes.length === 0) return <Hint text="Choose a scope: an endpoint, one of its deployments or instances, or every one of them." />;
  if (first === undefined) return <Hint text="Choose a metric: the list says what each one means." />;
  if (spec.kind === 'distribution') return <DistributionPanel title={title} scope={spec.scopes} metric={first.name} unit={unit} filter={spec.filter} interval={spec.interval} height={280} exploring more={more} />;
  return <MetricChart title={title} spec={spec} displayName={displayName} exploring more={more} />;
}

function Hint({ text }: { text: string }) {
  return (
    <Paper withBorder p="sm">
      <Empty height={200}>{text}</Empty>
    </Paper>
  );
}

/** A chart of metrics in PromQL, with its windows and its unit, where it has one; where it cannot be asked, an expression of its scopes to begin with. */
async function translate(spec: ChartSpec, range: Parameters<typeof resolveRange>[0]): Promise<Pick<ChartSpec, 'promql' | 'unit'> & Partial<ChartSpec>> {
  const count = `histogram_count(sum(rate(endpoint_request_duration_seconds{${scopeMatchers(spec.scopes[0] ?? '*')}}[5m])))`;
  const start = { promql: [count], unit: 'CountPerSecond' };
  if (spec.scopes.length === 0 || spec.metrics.length === 0) return start;
  try {
    const { expressions, step, units } = await askExpressions(spec, resolveRange(range, Date.now()), AbortSignal.timeout(10_000));
    return expressions.length === 0 ? start : { promql: expressions, interval: step, unit: units.length === 1 ? (units[0] ?? '') : '' };
  } catch {
    return start;
  }
}
