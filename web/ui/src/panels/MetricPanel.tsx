import { Chart } from '@/components/chart/Chart';
import { chartSeries, hasNoData, intervalOf, seriesLabel, spanOf, truncation } from '@/components/chart/answer';
import type { ChartKind, Mark, Threshold } from '@/components/chart/model';
import { Panel } from '@/components/Panel';
import { useMetrics } from '@/api/hooks';
import type { MetricsSeries } from '@/api/types';
import { unitOf } from '@/lib/units';
import { usePageView } from '@/view/view';
import { useNavigate } from 'react-router';
import { useMemo, type ReactNode } from 'react';

export interface MetricPanelProps {
  title: string;
  hint?: string;
  scope: string | string[];
  metric: string | string[];
  aggregation?: string;
  split?: string;
  filter?: string;
  top?: number;
  kind?: ChartKind;
  height?: number;
  marks?: readonly Mark[];
  thresholds?: readonly Threshold[];
  /** Names of series where the values of the split are not enough. */
  name?: (series: MetricsSeries) => string;
  /** What is said where there is no data: why that may be. */
  empty?: ReactNode;
}

/** A chart of metrics of a scope over the page's time. */
export function MetricPanel({ title, hint, scope, metric, aggregation, split, filter, top, kind = 'line', height = 180, marks, thresholds, name = seriesLabel, empty }: MetricPanelProps) {
  const { view, zoom } = usePageView();
  const navigate = useNavigate();
  const asked = useMetrics(
    {
      scope,
      metric,
      ...(aggregation === undefined ? {} : { aggregation }),
      ...(split === undefined ? {} : { split }),
      ...(filter === undefined ? {} : { filter }),
      ...(top === undefined ? {} : { top }),
    },
    view,
  );
  const series = useMemo(() => (asked.data === undefined ? [] : chartSeries(asked.data, name)), [asked.data, name]);
  return (
    <Panel title={title} {...(hint === undefined ? {} : { hint })} asked={asked} isEmpty={hasNoData} empty={empty ?? 'Nothing was measured in this time.'} height={height} truncated={truncation}>
      {(answer) => (
        <Chart
          label={title}
          kind={kind}
          times={answer.timestamps}
          interval={intervalOf(answer)}
          series={series}
          unit={unitOf(answer.series[0]?.metric ?? '', answer.series[0]?.unit ?? '', answer.series[0]?.aggregation)}
          span={spanOf(answer)}
          utc={view.utc}
          partialFrom={answer.partial_from ?? undefined}
          height={height}
          {...(marks === undefined ? {} : { marks })}
          {...(thresholds === undefined ? {} : { thresholds })}
          onZoom={zoom}
          onReset={() => void navigate(-1)}
        />
      )}
    </Panel>
  );
}
