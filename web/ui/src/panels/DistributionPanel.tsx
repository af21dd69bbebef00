import { useCallback, useMemo, type ReactNode } from 'react';
import { joinNotes } from '@/components/chart/answer';
import { HeatMap } from '@/components/chart/HeatMap';
import type { ChartData } from '@/components/chart/model';
import { emptySpec, type ChartSpec } from '@/lib/chartspec';
import type { Unit } from '@/lib/units';
import { usePageView } from '@/view/view';
import { useZoom } from '@/view/zoom';
import { ChartCard } from './ChartCard';
import { distributionOf, heatRows } from './distribution';
import { useDistribution, type Distribution } from './useProm';

interface Props {
  title: string;
  hint?: string;
  scope: string | string[];
  /** A metric that has percentiles, or one of these: RequestLatency, RequestLatency_P99. */
  metric: string;
  unit?: Unit;
  filter?: string;
  interval?: string;
  height?: number;
  empty?: ReactNode;
  exploring?: boolean;
  more?: ReactNode;
}

const grey = { light: '#56606b', dark: '#a9b4c0' };

/** How many requests took how long, over the page's time, as a heat map: what percentiles leave out. */
export function DistributionPanel({ title, hint, scope, metric, unit = 'Milliseconds', filter = '', interval = '', height = 220, empty, exploring = false, more }: Props) {
  const { view } = usePageView();
  const { zoom, back } = useZoom();
  const wanted = JSON.stringify(scope);
  const spec = useMemo((): ChartSpec => {
    const scopes = JSON.parse(wanted) as string | string[];
    return { ...emptySpec, scopes: typeof scopes === 'string' ? [scopes] : scopes, metrics: [{ name: `${distributionOf(metric)}_P50`, aggregation: '' }], filter, interval, kind: 'distribution' };
  }, [wanted, metric, filter, interval]);
  const asked = useDistribution(spec, view);
  const read = useCallback(
    ({ buckets, times, interval: length, span, partialFrom }: Distribution): ChartData => ({
      times,
      interval: length,
      span,
      partialFrom,
      unit: 'Count',
      series: heatRows(buckets, times, unit).map((row) => ({ ...row, colour: grey })),
    }),
    [unit],
  );
  return (
    <ChartCard
      title={title}
      hint={hint}
      asked={asked}
      isEmpty={(d) => d.buckets.size === 0}
      empty={empty ?? 'No request was measured in this time.'}
      truncated={(d) => joinNotes(d.warnings)}
      height={height}
      spec={spec}
      exploring={exploring}
      more={more}
      read={read}
      draw={(data, room) => <HeatMap label={title} times={data.times} interval={data.interval} span={data.span} partialFrom={data.partialFrom} rows={data.series} unit="Count" what={{ value: 'observations' }} scale="root" utc={view.utc} height={room} onZoom={zoom} onReset={back} />}
    />
  );
}
