import { useCallback, type ReactNode } from 'react';
import { joinNotes } from '@/components/chart/answer';
import { ChartView } from '@/components/chart/ChartView';
import type { ChartSpec } from '@/lib/chartspec';
import { usePageView } from '@/view/view';
import { useZoom } from '@/view/zoom';
import { ChartCard } from './ChartCard';
import { promData, promNotes } from './promql';
import { useProm, type PromResult } from './useProm';

interface Props {
  spec: ChartSpec;
  title?: string;
  hint?: string | undefined;
  height?: number;
  /** In the explorer itself. */
  exploring?: boolean;
  more?: ReactNode;
}

/** The chart of expressions in PromQL. */
export function PromChart({ spec, title = 'PromQL', hint, height = 280, exploring = false, more }: Props) {
  const { view } = usePageView();
  const { zoom, back } = useZoom();
  const asked = useProm(spec.promql.filter((q) => q.trim() !== ''), spec.interval, view);
  const read = useCallback((r: PromResult) => promData(r.parts, r.grid, r.past, r.step, r.span, spec.unit), [spec.unit]);
  const kind = spec.kind === 'distribution' ? 'line' : spec.kind;
  return (
    <ChartCard
      title={title}
      hint={hint}
      asked={asked}
      isEmpty={(r) => r.parts.every((p) => p.now.series.every((s) => s.values === undefined))}
      empty="No series matches, or none has a value in this time. A comparison such as > 1 leaves out what does not meet it."
      truncated={({ parts }) => joinNotes(promNotes(parts))}
      height={height}
      spec={spec}
      exploring={exploring}
      more={more}
      read={read}
      draw={(data, room) => <ChartView label={title} kind={kind} data={data} utc={view.utc} height={room} onZoom={zoom} onReset={back} />}
    />
  );
}
