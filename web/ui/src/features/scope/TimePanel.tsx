import { useMemo } from 'react';
import { useMetrics } from '@/api/hooks';
import type { MetricsAnswer } from '@/api/types';
import { Chart } from '@/components/chart/Chart';
import { intervalOf, spanOf } from '@/components/chart/answer';
import type { ChartSeries, Mark } from '@/components/chart/model';
import { Panel } from '@/components/Panel';
import { coloursFor } from '@/lib/palette';
import { usePageView } from '@/view/view';
import { hopsOf } from './hops';

/** Mean times of the parts of a request's way, stacked to the mean of the whole. */
export function TimePanel({ answer, marks }: { answer: ReturnType<typeof useHops>; marks: readonly Mark[] }) {
  const { view, zoom } = usePageView();
  const series = useMemo(() => (answer.data === undefined ? [] : hopSeries(answer.data)), [answer.data]);
  return (
    <Panel title="Mean time of a request, hop by hop" asked={answer} isEmpty={() => series.length === 0} empty="No request was measured in this time. An agent's proxy measures them: endscope-agent run --proxy.listen …" height={200}>
      {(data) => (
        <Chart label="Mean time of a request, hop by hop" kind="stack" times={data.timestamps} interval={intervalOf(data)} series={series} unit="Milliseconds" span={spanOf(data)} utc={view.utc} partialFrom={data.partial_from ?? undefined} height={200} marks={marks} onZoom={zoom} />
      )}
    </Panel>
  );
}

export const hopMetrics = ['UploadLatency', 'QueueTime', 'ModelLatency', 'DownloadLatency', 'ModelQueueTime', 'ModelPrefillTime', 'ModelDecodeTime'];

export function useHops(scope: string, view: ReturnType<typeof usePageView>['view']) {
  return useMetrics({ scope, metric: hopMetrics }, { ...view, compare: '' });
}

function hopSeries(answer: MetricsAnswer): ChartSeries[] {
  const column = (metric: string) => answer.series.find((s) => s.metric === metric)?.values ?? [];
  const columns = Object.fromEntries(hopMetrics.map((m) => [m, column(m)]));
  const rows = answer.timestamps.map((_, i) => hopsOf((metric) => columns[metric]?.[i] ?? null));
  const names = [...new Set(rows.flatMap((r) => r.map((h) => h.name)))];
  const colours = coloursFor(names);
  return names
    .map((name, n): ChartSeries => ({ key: name, label: name, colour: colours[n] ?? { light: '#56606b', dark: '#a9b4c0' }, values: rows.map((r) => r.find((h) => h.name === name)?.mean ?? null) }))
    .filter((s) => s.values.some((v) => v !== null));
}
