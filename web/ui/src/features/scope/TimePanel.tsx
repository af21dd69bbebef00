import { useMemo } from 'react';
import type { MetricsAnswer } from '@/api/types';
import { intervalOf, notesOf, spanOf } from '@/components/chart/answer';
import { ChartView } from '@/components/chart/ChartView';
import type { ChartData, ChartSeries, Mark } from '@/components/chart/model';
import { emptySpec, type ChartSpec } from '@/lib/chartspec';
import { coloursFor } from '@/lib/palette';
import { ChartCard } from '@/panels/ChartCard';
import { usePageView } from '@/view/view';
import { useZoom } from '@/view/zoom';
import { hopMetrics, wayOf, type Way } from './hops';
import type { useHops } from './queries';

interface Props {
  scope: string;
  answer: ReturnType<typeof useHops>;
  marks: readonly Mark[];
}

const title = 'Mean time of a request, hop by hop';

/** The parts of a request's way, stacked to the mean of the whole. */
export function TimePanel({ scope, answer, marks }: Props) {
  const { view } = usePageView();
  const { zoom, back } = useZoom();
  // What it is computed from: means, and of how many.
  const spec = useMemo((): ChartSpec => ({ ...emptySpec, scopes: [scope], metrics: hopMetrics.flatMap((name) => ['Average', 'Count'].map((aggregation) => ({ name, aggregation }))), kind: 'line' }), [scope]);
  return (
    <ChartCard
      title={title}
      hint="Each part is its whole time over all requests, also those that skipped it, so that the parts add up to the mean request"
      asked={answer}
      isEmpty={(data) => hopData(data).series.length === 0}
      empty="No request was measured in this time. An agent's proxy measures them: endscope-agent run --proxy.listen …"
      truncated={notesOf}
      height={200}
      spec={spec}
      read={hopData}
      draw={(data, room) => <ChartView label={title} kind="stack" data={data} utc={view.utc} height={room} marks={marks} onZoom={zoom} onReset={back} />}
    />
  );
}

/** The way at one window of an answer, or over the whole of one of one window. */
export function wayAt(answer: MetricsAnswer, index: number): Way {
  const value = (metric: string, aggregation: string) => answer.series.find((s) => s.metric === metric && s.aggregation === aggregation)?.values[index] ?? null;
  return wayOf((metric) => ({ mean: value(metric, 'average'), count: value(metric, 'count') }));
}

function hopData(answer: MetricsAnswer): ChartData {
  const ways = answer.timestamps.map((_, i) => wayAt(answer, i));
  const names = [...new Set(ways.flatMap((w) => w.hops.map((h) => h.name)))];
  const colours = coloursFor(names);
  const all = names.map((name, n): ChartSeries => ({ key: name, label: name, colour: colours[n] ?? { light: '#56606b', dark: '#a9b4c0' }, values: ways.map((w) => w.hops.find((h) => h.name === name)?.mean ?? null) }));
  // A hop that took no time anywhere is not one.
  const series = all.filter((s) => s.values.some((v) => v !== null && v > 0));
  return { times: answer.timestamps, interval: intervalOf(answer), span: spanOf(answer), partialFrom: answer.partial_from ?? undefined, unit: 'Milliseconds', series };
}
