import 'uplot/dist/uPlot.min.css';
import { Box, Text, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import { formatInstant, type Span } from '@/lib/time';
import { formatValue } from '@/lib/units';
import classes from './Chart.module.css';
import { Legend } from './Legend';
import { columns, drawnKind, pastLines, unitsOf, type Band, type ChartData, type ChartKind, type ChartSeries, type Mark, type Threshold } from './model';
import { axisSize, plotOptions } from './plot';
import { Tooltip } from './Tooltip';

export interface ChartProps extends ChartData {
  /** What it shows, for whoever cannot see it. */
  label: string;
  kind?: ChartKind;
  utc: boolean;
  thresholds?: readonly Threshold[] | undefined;
  marks?: readonly Mark[] | undefined;
  band?: Band | undefined;
  /** Where in its window a value stands; an alert's check is made at the end of it. */
  standsAt?: 'middle' | 'end';
  /** Values that the axis has room for besides those of the series, so that charts can be read against each other. */
  extent?: readonly [number, number] | undefined;
  height?: number;
  syncKey?: string | undefined;
  legend?: boolean;
  onZoom?: ((span: Span) => void) | undefined;
  onReset?: (() => void) | undefined;
}

const nobody: readonly never[] = [];

/** A chart over time. Values stand in the middle of the window that they are of, unless it is said otherwise. */
export function Chart(props: ChartProps) {
  const { times, interval, series, unit, utc, height = 180, thresholds = nobody, marks = nobody, band, standsAt = 'middle', syncKey = 'page', legend = true } = props;
  const dark = useComputedColorScheme('light') === 'dark';
  const { ref: sized, width } = useElementSize();
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const byKey = useRef(false);
  const [isolated, setIsolated] = useState<ReadonlySet<string>>(new Set());
  const [cursor, setCursor] = useState<{ index: number; left: number } | null>(null);
  const [said, say] = useState('');

  const kind = useMemo(() => drawnKind(props.kind ?? 'line', series), [props.kind, series]);
  // A series that went away hides nothing.
  const alone = useMemo(() => new Set(series.filter((s) => isolated.has(s.key)).map((s) => s.key)), [series, isolated]);
  const { data, cols, past } = useMemo(() => {
    const isShown = (s: ChartSeries) => alone.size === 0 || alone.has(s.key);
    const shown = series.filter(isShown);
    const made = columns(kind, shown, unit);
    const lines = pastLines(kind, kind === 'stack' || kind === 'bar' ? shown : series, unit);
    const nothing = times.map(() => null);
    const all = series.map((s) => made[shown.indexOf(s)] ?? { tops: nothing });
    const edges = band === undefined ? [] : [band.lower === null ? nothing : [...band.lower], band.upper === null ? nothing : [...band.upper]];
    const xs = times.map((t) => (t + (standsAt === 'end' ? interval : interval / 2)) / 1000);
    const table: uPlot.AlignedData = [xs, ...all.map((c) => c.tops), ...lines.map((l) => l.values), ...edges];
    return { data: table, cols: all, past: lines };
  }, [times, interval, series, kind, unit, band, standsAt, alone]);

  // What changes with every refresh is read when the plot is drawn, so that it is not built anew.
  const latest = useRef({ props, cols });
  useLayoutEffect(() => {
    latest.current = { props, cols };
  });

  const shape = JSON.stringify([kind, series.map((s) => [s.key, s.label, s.colour, s.unit]), past.map((l) => l.series?.key), [...alone], unit, utc, dark, band !== undefined, syncKey]);

  useEffect(() => {
    if (holder.current === null || width === 0) return;
    const options = plotOptions(
      {
        kind,
        series,
        columns: () => latest.current.cols,
        past,
        isShown: (s) => alone.size === 0 || alone.has(s.key),
        unit,
        utc,
        dark,
        live: () => {
          const { span, partialFrom, thresholds: lines = nobody, marks: signs = nobody, extent } = latest.current.props;
          return { span, partialFrom, thresholds: lines, marks: signs, extent };
        },
        band,
        syncKey,
        onCursor: (at) => setCursor(at !== null && (at.own || byKey.current) ? { index: at.index, left: at.left } : null),
        onZoom: (s) => latest.current.props.onZoom?.(s),
        onReset: () => latest.current.props.onReset?.(),
      },
      uPlot,
      width,
      height,
    );
    const made = new uPlot(options, data, holder.current);
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
    // Data and size are brought to the plot below; what else decides about it is in its shape.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [shape, width === 0]);

  const drawn = useRef<unknown[]>([]);
  useEffect(() => {
    const now = [plot.current, data, props.span.start, props.span.end, props.partialFrom, thresholds, marks, props.extent];
    const before = drawn.current;
    drawn.current = now;
    // A plot that was just built has its data.
    if (plot.current !== null && before[0] === plot.current && now.some((v, i) => v !== before[i])) plot.current.setData(data);
  });

  useEffect(() => {
    if (plot.current !== null && width > 0 && (plot.current.width !== width || plot.current.height !== height)) plot.current.setSize({ width, height });
  }, [width, height]);

  const toggle = useCallback(
    (key: string, add: boolean) =>
      setIsolated((before) => {
        const only = before.size === 1 && before.has(key);
        if (!add) return only ? new Set() : new Set([key]);
        const next = new Set(before);
        if (!next.delete(key)) next.add(key);
        return next;
      }),
    [],
  );

  const walk = (e: React.KeyboardEvent) => {
    const u = plot.current;
    const last = times.length - 1;
    if (u === null || last < 0) return;
    const at = cursor?.index;
    const next = { ArrowLeft: Math.max(0, (at ?? last + 1) - 1), ArrowRight: Math.min(last, (at ?? -1) + 1), Home: 0, End: last }[e.key];
    if (next !== undefined) {
      e.preventDefault();
      byKey.current = true;
      u.setCursor({ left: u.valToPos(data[0][next] ?? 0, 'x'), top: 0 }, true);
      byKey.current = false;
      say(sentence(series, next, props));
    } else if (e.key === 'Escape' && at !== undefined) {
      e.stopPropagation();
      u.setCursor({ left: -10, top: -10 }, true);
    }
  };

  const leave = () => {
    plot.current?.setCursor({ left: -10, top: -10 }, true);
    say('');
  };

  return (
    <Box ref={sized} pos="relative">
      <div
        ref={holder}
        role="img"
        aria-label={`${props.label}. Arrow keys read its values.`}
        tabIndex={0}
        onKeyDown={walk}
        onBlur={leave}
        className={classes.plot}
        style={{ minHeight: height }}
      />
      <div className={classes.hidden} aria-live="polite">
        {said}
      </div>
      {cursor !== null && (
        <Tooltip cursor={cursor} width={width} left={axisSize} times={times} interval={interval} series={series} isolated={alone} unit={unit} utc={utc} marks={marks} dark={dark} />
      )}
      {kind !== (props.kind ?? 'line') && (
        <Text size="xs" c="dimmed">
          Drawn as lines: there are values below zero, which do not stack.
        </Text>
      )}
      {legend && <Legend series={series} unit={unit} right={unitsOf(series, unit)[1]} isolated={alone} ended={props.partialFrom === undefined ? times.length : times.filter((t) => t < (props.partialFrom ?? t)).length} dark={dark} onToggle={toggle} />}
    </Box>
  );
}

/** What the crosshair stands on, for whoever hears it. */
function sentence(series: readonly ChartSeries[], index: number, { times, utc, unit }: ChartProps): string {
  const values = series.slice(0, 5).map((s) => `${s.label} ${formatValue(s.values[index] ?? null, s.unit ?? unit)}`);
  const more = series.length > 5 ? `, and ${series.length - 5} more` : '';
  return `${formatInstant(times[index] ?? 0, utc, true)}: ${values.join(', ')}${more}`;
}
