import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, body } from '@/api/client';
import { asProblem } from '@/api/problem';
import { refreshed } from '@/api/refreshed';
import type { AlertDetail, AlertRule, MetricDefinition } from '@/api/types';
import { chartSeries, hasNoData, intervalOf, spanOf } from '@/components/chart/answer';
import { Chart } from '@/components/chart/Chart';
import type { Mark } from '@/components/chart/model';
import { Panel } from '@/components/Panel';
import { formatUTC } from '@/lib/time';
import { formatValue } from '@/lib/units';
import { useResource } from '@/panels/resources/queries';
import { usePageView } from '@/view/view';
import { PreviewChart } from '../PreviewChart';
import { criterionViews, onlySeries, previewSpan } from '../previewModel';
import { criteriaOf, ownWindowText, windowOf } from '../rules/criteria';
import { criterionUnit, definitionAt } from '../sentence';
import type { AlertValue } from '../types';
import { alertSpan, narrowRule, ruleOfAlert } from './narrow';
import { filterOf } from './question';

interface Props {
  alert: AlertDetail;
  definitions: readonly MetricDefinition[];
}

/** What the rule saw around the time at which it fired, with the threshold or band. Where the rule is gone: the metric with the bound of then. */
export function AlertChart({ alert, definitions }: Props) {
  const rule = useResource('alert-rules', alert.alertRule ?? '', alert.monitorService !== 'External');
  const metric = alert.values?.find((v) => v.metricName !== undefined);
  // Whoever may see the alert may not always see the rule; then there is the metric still.
  if (rule.data === undefined && rule.error !== null) {
    if (metric !== undefined) return <MetricChart alert={alert} value={metric} definitions={definitions} />;
    const known = ruleOfAlert(alert);
    return known === undefined ? null : <RuleChart alert={alert} rule={known} definitions={definitions} metric={undefined} />;
  }
  if (rule.data === undefined) return <Panel title="What the rule saw" asked={{ data: undefined, error: null, dataUpdatedAt: 0, refetch: rule.refetch }} height={260} children={() => null} />;
  return <RuleChart alert={alert} rule={rule.data} definitions={definitions} metric={metric} />;
}

function RuleChart({ alert, rule, definitions, metric }: Props & { rule: NonNullable<ReturnType<typeof useResource>['data']>; metric: AlertValue | undefined }) {
  const { view } = usePageView();
  // One that is fired goes on; what is over does not change.
  const refresh = alert.monitorCondition === 'Fired' && view.refresh > 0 ? Math.max(view.refresh, 30_000) : 0;
  const query = useQuery({
    queryKey: ['alerts', 'chart', alert.id, rule.etag, alert.resolvedDateTime],
    queryFn: async ({ signal }) => {
      const span = alertSpan(alert, Date.now());
      return body(await api().POST('/api/v1/alert-rules/preview', { body: { rule: narrowRule(rule, alert) as AlertRule, start: formatUTC(span.start), end: formatUTC(span.end) }, signal }));
    },
    refetchInterval: refresh || false,
  });
  const asked = refreshed(query, refresh);
  const marks = useMarks(alert);
  const failed = asked.data === undefined && asked.error !== null && !asProblem(asked.error).temporary;
  if (failed && metric !== undefined) return <MetricChart alert={alert} value={metric} definitions={definitions} />;
  const criteria = criteriaOf(rule);
  return (
    <Panel title="What the rule saw" hint="Each point is one check of the rule: the value over the window that ends there" asked={asked} height={260} isEmpty={(p) => p.series.length === 0} empty="The data of that time are not stored any more, or the rule asks for something else now.">
      {(preview) => {
        const own = onlySeries(preview, alert.scope ?? '', alert.dimensions ?? {}, alert.labels);
        return (
          <Stack gap="sm">
            {criterionViews(own).map((v) => {
              const value = alert.values?.find((x) => x.criterion === v.criterion);
              const definition = definitionAt(definitions, value?.metricName, alert.scope);
              return (
                <div key={v.criterion}>
                  <Text size="xs" c="dimmed">
                    {definition?.display_name ?? value?.metricName ?? v.criterion}
                    {ownWindowText(criteria, v.criterion)}
                  </Text>
                  <PreviewChart view={v} label={`${definition?.display_name ?? v.criterion} at the checks of the rule`} unit={criterionUnit(definition, value?.timeAggregation)} window={windowOf(criteria, v.criterion)} span={previewSpan(preview)} utc={view.utc} marks={marks} legend={v.series.length > 1} />
                </div>
              );
            })}
          </Stack>
        );
      }}
    </Panel>
  );
}

function MetricChart({ alert, value, definitions }: Props & { value: AlertValue }) {
  const { view } = usePageView();
  const asked = useQuery({
    queryKey: ['alerts', 'metric', alert.id, alert.resolvedDateTime],
    queryFn: async ({ signal }) => {
      const { start, end } = alertSpan(alert, Date.now());
      const filter = filterOf(alert);
      const question = { scope: alert.scope ?? '', metric: value.metricName ?? '', start: start / 1000, end: end / 1000, ...(value.timeAggregation === undefined ? {} : { aggregation: value.timeAggregation }), ...(filter === '' ? {} : { filter }) };
      return body(await api().POST('/api/v1/metrics', { body: question, signal }));
    },
  });
  const marks = useMarks(alert);
  const definition = definitionAt(definitions, value.metricName, alert.scope);
  const unit = criterionUnit(definition, value.timeAggregation);
  const bounds = [value.threshold, value.lower, value.upper].filter((b) => b !== undefined);
  return (
    <Panel title={definition?.display_name ?? value.metricName ?? 'Metric'} hint="The rule is gone, or not yours to see: this is the metric with the bound at which it fired" asked={asked} height={260} isEmpty={hasNoData} empty="The data of that time are not stored any more.">
      {(answer) => (
        <Chart label={definition?.display_name ?? 'Metric'} times={answer.timestamps} interval={intervalOf(answer)} series={chartSeries(answer)} unit={unit} span={spanOf(answer)} utc={view.utc} partialFrom={answer.partial_from ?? undefined} height={240} marks={marks} thresholds={bounds.map((b) => ({ value: b, label: formatValue(b, unit) }))} legend={false} />
      )}
    </Panel>
  );
}

function useMarks(alert: AlertDetail): Mark[] {
  return useMemo(() => {
    const marks: Mark[] = [];
    if (alert.firedDateTime !== undefined) marks.push({ at: Date.parse(alert.firedDateTime), label: 'fired', kind: 'alert' });
    if (alert.resolvedDateTime !== undefined) marks.push({ at: Date.parse(alert.resolvedDateTime), label: 'resolved', kind: 'event' });
    return marks;
  }, [alert.firedDateTime, alert.resolvedDateTime]);
}
