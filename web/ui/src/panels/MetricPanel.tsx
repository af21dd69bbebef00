import { useCallback, useMemo, type ReactNode } from 'react';
import type { MetricsAnswer, MetricsSeries } from '@/api/types';
import { chartData, hasNoData, notesOf, seriesLabel } from '@/components/chart/answer';
import { ChartView } from '@/components/chart/ChartView';
import type { Mark, Threshold } from '@/components/chart/model';
import { emptySpec, type ChartSpec, type DrawKind } from '@/lib/chartspec';
import { usePageView } from '@/view/view';
import { useZoom } from '@/view/zoom';
import { ChartCard } from './ChartCard';
import { useSpec } from './specQuery';

export interface MetricPanelProps {
  title: string;
  hint?: string;
  scope: string | string[];
  metric: string | string[];
  aggregation?: string;
  split?: string;
  filter?: string;
  top?: number;
  kind?: Exclude<DrawKind, 'distribution'>;
  height?: number;
  marks?: readonly Mark[];
  thresholds?: readonly Threshold[];
  /** Names of series where the values of the split are not enough. */
  name?: (series: MetricsSeries) => string;
  /** What is said where there is no data: why that may be. */
  empty?: ReactNode;
}

/** A chart of metrics of a scope over the page's time. */
export function MetricPanel({ title, hint, scope, metric, aggregation = '', split = '', filter = '', top = 0, kind = 'line', height = 180, marks, thresholds, name = seriesLabel, empty }: MetricPanelProps) {
  const { view } = usePageView();
  const { zoom, back } = useZoom();
  const wanted = JSON.stringify([scope, metric]);
  const spec = useMemo((): ChartSpec => {
    const [scopes, metrics] = (JSON.parse(wanted) as [string | string[], string | string[]]).map((v) => (typeof v === 'string' ? [v] : v));
    return { ...emptySpec, scopes: scopes ?? [], metrics: (metrics ?? []).map((m) => ({ name: m, aggregation })), split: split === '' ? [] : split.split(','), filter, top, kind };
  }, [wanted, aggregation, split, filter, top, kind]);
  const asked = useSpec(spec, view);
  const read = useCallback((answer: MetricsAnswer) => chartData(answer, name), [name]);
  return (
    <ChartCard
      title={title}
      hint={hint}
      asked={asked}
      isEmpty={hasNoData}
      empty={empty}
      truncated={notesOf}
      height={height}
      spec={spec}
      read={read}
      draw={(data, room) => <ChartView label={title} kind={kind} data={data} utc={view.utc} height={room} marks={marks} thresholds={thresholds} onZoom={zoom} onReset={back} />}
    />
  );
}
