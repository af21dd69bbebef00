import { Group, List, Loader, Select, Stack, Text } from '@mantine/core';
import { useMemo } from 'react';
import type { MetricDefinition } from '@/api/types';
import type { Mark } from '@/components/chart/model';
import { Panel } from '@/components/Panel';
import { formatInstant, formatUTC } from '@/lib/time';
import { formatDuration, formatValue, type Unit } from '@/lib/units';
import { usePageView } from '@/view/view';
import { PreviewChart } from '../PreviewChart';
import { criterionViews, firings, previewSpan, whereText, type CriterionView, type Firing } from '../previewModel';
import { criterionUnit, definitionAt } from '../sentence';
import type { Preview } from '../types';
import { criteriaOf, ownWindowText, windowOf } from './criteria';
import type { RulePreview } from './usePreview';
import { firedText } from './verdict';

interface Props {
  preview: RulePreview;
  /** What the rule still lacks, in words. */
  lacks?: readonly string[];
  definitions: readonly MetricDefinition[];
}

/** What a rule would have done: each criterion as a chart with its threshold or band, and how often it would have fired. */
export function PreviewPanel({ preview, lacks = [], definitions }: Props) {
  const { view } = usePageView();
  const { rule, asked, over, offered, setOver, waiting, mistakes } = preview;
  // What is wrong in the rule is said at its fields; the panel says what there is to do.
  const nothing = lacks.length > 0 ? `Still to be said: ${lacks.join(', ')}. Then this shows what the rule would have done.` : mistakes.length > 0 ? 'The rule is not valid yet:' : undefined;
  return (
    <Panel
      title="What it would have done"
      hint="The rule over real history, by the code that evaluates it live"
      asked={nothing === undefined ? asked : { data: null, error: null, dataUpdatedAt: 0, refetch: asked.refetch }}
      height={300}
      isEmpty={(p) => p === null || p.series.length === 0}
      empty={
        nothing === undefined ? (
          'No data in this time for what the rule asks.'
        ) : (
          <>
            {nothing}
            {mistakes.map((m) => (
              <div key={`${m.field ?? ''} ${m.rule ?? ''}`}>
                {m.field} {m.rule}
              </div>
            ))}
          </>
        )
      }
      actions={
        <Group gap="xs" wrap="nowrap">
          {waiting && (
            <span role="status" aria-label="Asking">
              <Loader size="xs" />
            </span>
          )}
          <Select size="xs" w={150} aria-label="Over which time" data={[...offered]} value={over.value} onChange={(v) => setOver(v ?? over.value)} allowDeselect={false} />
        </Group>
      }
    >
      {(p) => p !== null && rule !== undefined && <Content preview={p} rule={rule} definitions={definitions} utc={view.utc} over={over.label} />}
    </Panel>
  );
}

interface ContentProps {
  preview: Preview;
  rule: { [field: string]: unknown };
  definitions: readonly MetricDefinition[];
  utc: boolean;
  over: string;
}

function Content({ preview, rule, definitions, utc, over }: ContentProps) {
  const all = useMemo(() => firings(preview), [preview]);
  const views = useMemo(() => criterionViews(preview), [preview]);
  const span = previewSpan(preview);
  const criteria = criteriaOf(rule);
  const scope = (rule.scopes as string[] | undefined)?.[0];
  const unitFor = (criterion: string): Unit => {
    const c = criteria.find((x) => x.name === criterion);
    return c?.metricName === undefined ? '' : criterionUnit(definitionAt(definitions, c.metricName, scope), c.timeAggregation);
  };
  // Many firings would be a wall of lines; the chart itself shows when values crossed.
  const marks: Mark[] = all.length > 60 ? [] : all.map((f) => ({ at: f.at, label: `fires at ${whereText(f, preview.series)}`, kind: 'alert' }));
  return (
    <Stack gap="sm">
      <Verdict all={all} views={views} preview={preview} over={over} />
      {views.map((v) => {
        const c = criteria.find((x) => x.name === v.criterion);
        const definition = definitionAt(definitions, c?.metricName, scope);
        return (
          <div key={v.criterion}>
            {views.length > 1 && (
              <Text size="xs" c="dimmed">
                {definition?.display_name ?? v.criterion}
                {ownWindowText(criteria, v.criterion)}
              </Text>
            )}
            <PreviewChart view={v} label={`${definition?.display_name ?? v.criterion} at the checks of the rule`} unit={unitFor(v.criterion)} window={windowOf(criteria, v.criterion)} span={span} utc={utc} marks={marks} total={preview.seriesTotal} />
          </div>
        );
      })}
      <Firings all={all} series={preview.series} utc={utc} unit={criteria[0] === undefined ? '' : unitFor(criteria[0].name)} />
      {preview.warnings.map((w) => (
        <Text key={w} size="sm" c="dimmed">
          {w}
        </Text>
      ))}
    </Stack>
  );
}

function Verdict({ all, views, preview, over }: { all: readonly Firing[]; views: readonly CriterionView[]; preview: Preview; over: string }) {
  const fired = useMemo(() => firedText(preview, views, all), [preview, views, all]);
  return (
    <div role="status">
      <Text size="sm" fw={600}>
        {all.length === 0 ? `It would not have fired in ${over}.` : `It would have fired ${all.length === 1 ? 'once' : `${all.length} times`} in ${over}.`}
      </Text>
      {all.length > 0 && (
        <Text size="sm" c="dimmed" title="One notification for each alert that fires and each that resolves. Grouping, silences and processing rules are not looked at.">
          {fired}, {preview.notifications} {preview.notifications === 1 ? 'notification' : 'notifications'}.
        </Text>
      )}
    </div>
  );
}

const listed = 10;

function Firings({ all, series, utc, unit }: { all: readonly Firing[]; series: Preview['series']; utc: boolean; unit: Unit }) {
  if (all.length === 0) return null;
  return (
    <div>
      <List size="sm" aria-label="Times it would have fired, newest first">
        {[...all]
          .reverse()
          .slice(0, listed)
          .map((f) => {
            const where = whereText(f, series);
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
