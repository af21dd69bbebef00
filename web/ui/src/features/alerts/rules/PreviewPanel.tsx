import { Group, List, Loader, Select, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo } from 'react';
import type { MetricDefinition } from '@/api/types';
import type { Mark } from '@/components/chart/model';
import { Panel } from '@/components/Panel';
import { formatInstant, formatUTC } from '@/lib/time';
import { formatDuration, formatValue, type Unit } from '@/lib/units';
import { useParamState } from '@/view/params';
import { usePageView } from '@/view/view';
import { parseISO } from '../duration';
import { PreviewChart } from '../PreviewChart';
import { criterionViews, firedTime, firings, previewSpan, type Firing } from '../previewModel';
import { criterionUnit, definitionAt, dimensionText } from '../sentence';
import type { Preview } from '../types';
import { usePreview } from './usePreview';

interface Props {
  /** The rule as it would be stored; nothing where it is not whole yet. */
  rule: { [field: string]: unknown } | undefined;
  /** What the rule still lacks, in words. */
  lacks?: readonly string[];
  definitions: readonly MetricDefinition[];
}

const ranges = [
  { value: '1h', label: 'the last hour', minutes: 60 },
  { value: '6h', label: 'the last 6 hours', minutes: 360 },
  { value: '1d', label: 'the last day', minutes: 1440 },
  { value: '7d', label: 'the last 7 days', minutes: 10_080 },
  { value: '30d', label: 'the last 30 days', minutes: 43_200 },
];

// Beyond this many checks answers get larger than anybody can see.
const mostChecks = 12_000;

/** What a rule would have done: each criterion as a chart with its threshold or band, and how often it would have fired. */
export function PreviewPanel({ rule, lacks = [], definitions }: Props) {
  const { view } = usePageView();
  const { params, set } = useParamState();
  const text = rule === undefined ? '' : JSON.stringify(askedOf(rule));
  const [settled] = useDebouncedValue(text, 500);
  const asked = useMemo(() => (settled === '' ? undefined : (JSON.parse(settled) as { [field: string]: unknown })), [settled]);
  const every = (parseISO(rule?.evaluationFrequency as string | undefined) ?? 60_000) / 60_000;
  const offered = ranges.filter((r) => r.minutes / every <= mostChecks);
  const over = offered.find((r) => r.value === params.get('over'))?.value ?? offered.find((r) => r.value === '1d')?.value ?? '1h';
  const preview = usePreview(rule === undefined ? undefined : asked, over);
  const waiting = rule !== undefined && (preview.isFetching || text !== settled);
  return (
    <Panel
      title="What it would have done"
      hint="The rule over real history, by the code that evaluates it live"
      asked={rule === undefined ? { data: null, error: null, dataUpdatedAt: 0, refetch: () => undefined } : preview}
      height={300}
      isEmpty={(p) => p === null || p.series.length === 0}
      empty={rule === undefined ? `Still to be said: ${lacks.join(', ')}. Then this shows what the rule would have done.` : 'No data in this time for what the rule asks.'}
      actions={
        <Group gap="xs" wrap="nowrap">
          {waiting && <Loader size="xs" aria-label="Asking" />}
          <Select size="xs" w={150} aria-label="Over which time" data={offered} value={over} onChange={(v) => set({ over: v })} allowDeselect={false} />
        </Group>
      }
    >
      {(p) => p !== null && <Content preview={p} rule={asked ?? {}} definitions={definitions} utc={view.utc} over={ranges.find((r) => r.value === over)?.label ?? over} />}
    </Panel>
  );
}

// What a rule is called and whom it tells has no influence on what it would have done, and is no reason to ask again.
const quiet = ['name', 'description', 'severity', 'enabled', 'actions', 'labels', 'customProperties', 'runbookUrl'];

function askedOf(rule: { [field: string]: unknown }): { [field: string]: unknown } {
  return { ...Object.fromEntries(Object.entries(rule).filter(([field]) => !quiet.includes(field))), enabled: true };
}

interface ContentProps {
  preview: Preview;
  rule: { [field: string]: unknown };
  definitions: readonly MetricDefinition[];
  utc: boolean;
  over: string;
}

interface RawCriterion {
  name?: string;
  metricName?: string;
  timeAggregation?: string;
  windowSize?: string;
}

function Content({ preview, rule, definitions, utc, over }: ContentProps) {
  const all = useMemo(() => firings(preview), [preview]);
  const views = useMemo(() => criterionViews(preview), [preview]);
  const span = previewSpan(preview);
  const criteria = ((rule.criteria as { allOf?: RawCriterion[] } | undefined)?.allOf ?? []).map((c, i) => ({ ...c, name: c.name ?? `criterion ${i + 1}` }));
  const scope = (rule.scopes as string[] | undefined)?.[0];
  const unitFor = (criterion: string): Unit => {
    const c = criteria.find((x) => x.name === criterion);
    return c?.metricName === undefined ? '' : criterionUnit(definitionAt(definitions, c.metricName, scope), c.timeAggregation);
  };
  // Many firings would be a wall of lines; the chart itself shows when values crossed.
  const marks: Mark[] = all.length > 60 ? [] : all.map((f) => ({ at: f.at, label: `fires at ${f.scope}`, kind: 'alert' }));
  return (
    <Stack gap="sm">
      <Verdict all={all} span={span} preview={preview} over={over} />
      {views.map((v) => {
        const c = criteria.find((x) => x.name === v.criterion);
        const definition = definitionAt(definitions, c?.metricName, scope);
        return (
          <div key={v.criterion}>
            {views.length > 1 && (
              <Text size="xs" c="dimmed">
                {definition?.display_name ?? v.criterion}
              </Text>
            )}
            <PreviewChart view={v} label={`${definition?.display_name ?? v.criterion} at the checks of the rule`} unit={unitFor(v.criterion)} window={parseISO(c?.windowSize ?? (rule.windowSize as string | undefined)) ?? 60_000} span={span} utc={utc} marks={marks} />
          </div>
        );
      })}
      <Firings all={all} utc={utc} unit={criteria[0] === undefined ? '' : unitFor(criteria[0].name)} />
      {preview.warnings.map((w) => (
        <Text key={w} size="sm" c="dimmed">
          {w}
        </Text>
      ))}
    </Stack>
  );
}

function Verdict({ all, span, preview, over }: { all: readonly Firing[]; span: { start: number; end: number }; preview: Preview; over: string }) {
  const fired = firedTime(all, span.end);
  const share = span.end > span.start ? fired / (span.end - span.start) : 0;
  return (
    <div role="status">
      <Text size="sm" fw={600}>
        {all.length === 0 ? `It would not have fired in ${over}.` : `It would have fired ${all.length === 1 ? 'once' : `${all.length} times`} in ${over}.`}
      </Text>
      {all.length > 0 && (
        <Text size="sm" c="dimmed" title="One notification for each alert that fires and each that resolves. Grouping, silences and processing rules are not looked at.">
          Fired for {formatDuration(fired)} in all ({formatValue(share, 'Ratio')} of the time), {preview.notifications} {preview.notifications === 1 ? 'notification' : 'notifications'}.
        </Text>
      )}
    </div>
  );
}

const listed = 10;

function Firings({ all, utc, unit }: { all: readonly Firing[]; utc: boolean; unit: Unit }) {
  if (all.length === 0) return null;
  return (
    <div>
      <List size="sm" aria-label="Times it would have fired, newest first">
        {[...all]
          .reverse()
          .slice(0, listed)
          .map((f) => {
            const where = [f.scope, dimensionText(Object.fromEntries(Object.entries(f.dimensions).filter(([n]) => !['endpoint', 'deployment', 'instance'].includes(n))))].filter((t) => t !== '').join(', ');
            return (
              <List.Item key={`${f.at} ${where}`}>
                <span title={formatUTC(f.at)}>{formatInstant(f.at, utc)}</span> {where}: {f.value === null ? 'no data' : formatValue(f.value, unit)}, {f.until === null ? 'not resolved' : `for ${formatDuration(f.until - f.at)}`}
              </List.Item>
            );
          })}
      </List>
      {all.length > listed && (
        <Text size="xs" c="dimmed">
          Showing the newest {listed} of {all.length}
        </Text>
      )}
    </div>
  );
}
