import { useCallback, type ReactNode } from 'react';
import type { MetricsAnswer } from '@/api/types';
import { chartData, hasNoData, notesOf, tellingLabels } from '@/components/chart/answer';
import { ChartView } from '@/components/chart/ChartView';
import type { ChartSpec, DrawKind } from '@/lib/chartspec';
import { usePageView } from '@/view/view';
import { useZoom } from '@/view/zoom';
import { ChartCard } from './ChartCard';
import { useSpec } from './specQuery';

interface Props {
  title: string;
  spec: ChartSpec;
  displayName: (metric: string) => string;
  hint?: string | undefined;
  /** What it would take for data to be there, said where there are none. */
  needs?: string;
  height?: number;
  /** In the explorer itself. */
  exploring?: boolean;
  more?: ReactNode;
}

/** The chart of metrics that a spec asks for. */
export function MetricChart({ title, spec, displayName, hint, needs = '', height = 280, exploring = false, more }: Props) {
  const { view } = usePageView();
  const { zoom, back } = useZoom();
  const asked = useSpec(spec, view);
  const read = useCallback((answer: MetricsAnswer) => chartData(answer, tellingLabels(answer, displayName)), [displayName]);
  const kind = spec.kind as Exclude<DrawKind, 'distribution'>;
  return (
    <ChartCard
      title={title}
      hint={hint}
      asked={asked}
      isEmpty={hasNoData}
      empty={`${spec.filter === '' ? 'Nothing was measured of this in this time.' : 'Nothing that was measured in this time meets the filter.'} ${needs}`.trimEnd()}
      truncated={notesOf}
      height={height}
      spec={spec}
      exploring={exploring}
      more={more}
      read={read}
      draw={(data, room) => <ChartView label={title} kind={kind} data={data} utc={view.utc} height={room} onZoom={zoom} onReset={back} />}
    />
  );
}
