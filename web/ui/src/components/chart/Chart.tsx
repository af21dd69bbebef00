import 'uplot/dist/uPlot.min.css';
import { Box, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import type { Span } from '@/lib/time';
import type { Unit } from '@/lib/units';
import { Legend } from './Legend';
import { columns, type Band, type ChartKind, type ChartSeries, type Mark, type Threshold } from './model';
import { plotOptions } from './plot';
import { Tooltip } from './Tooltip';

export interface ChartProps {
  /** What it shows, for whoever cannot see it. */
  label: string;
  kind?: ChartKind;
  /** Starts of the windows, in milliseconds. */
  times: readonly number[];
  /** Length of a window, in milliseconds. */
  interval: number;
  series: readonly ChartSeries[];
  unit: Unit;
  span: Span;
  utc: boolean;
  partialFrom?: number | undefined;
  thresholds?: readonly Threshold[];
  marks?: readonly Mark[];
  band?: Band | undefined;
  /** Where in its window a value stands; an alert's check is made at the end of it. */
  standsAt?: 'middle' | 'end';
  height?: number;
  syncKey?: string;
  legend?: boolean;
  onZoom?: ((span: Span) => void) | undefined;
  onReset?: (() => void) | undefined;
}

const nobody: readonly never[] = [];

/** A chart over time. Values stand in the middle of the window that they are of, unless it is said otherwise. */
export function Chart(props: ChartProps) {
  const { times, interval, series, kind = 'line', height = 180, thresholds = nobody, marks = nobody, band, standsAt = 'middle', syncKey = 'page', legend = true } = props;
  const dark = useComputedColorScheme('light') === 'dark';
  const { ref: sized, width } = useElementSize();
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [isolated, setIsolated] = useState<ReadonlySet<string>>(new Set());
  const [cursor, setCursor] = useState<{ index: number; left: number; top: number } | null>(null);

  const data = useMemo<uPlot.AlignedData>(() => {
    const xs = times.map((t) => (t + (standsAt === 'end' ? interval : interval / 2)) / 1000);
    const past = series.flatMap((s) => (s.past === undefined ? [] : [[...s.past]]));
    const none = xs.map(() => null);
    const edges = band === undefined ? [] : [band.lower === null ? none : [...band.lower], band.upper === null ? none : [...band.upper]];
    return [xs, ...columns(kind, series), ...past, ...edges];
  }, [times, interval, series, kind, band, standsAt]);

  // What changes with every refresh is read when the plot is drawn, so that it is not built anew.
  const latest = useRef(props);
  useLayoutEffect(() => {
    latest.current = props;
  });

  const shape = JSON.stringify([kind, series.map((s) => [s.key, s.label, s.colour, s.past !== undefined]), [...isolated], props.unit, props.utc, dark, band !== undefined, syncKey]);

  useEffect(() => {
    if (holder.current === null || width === 0) return;
    const options = plotOptions(
      {
        kind,
        series,
        isolated,
        unit: props.unit,
        utc: props.utc,
        dark,
        live: () => {
          const { span, partialFrom, thresholds: lines = nobody, marks: signs = nobody } = latest.current;
          return { span, partialFrom, thresholds: lines, marks: signs };
        },
        band,
        syncKey,
        onCursor: (index, left, top) => setCursor(index === null ? null : { index, left, top }),
        onZoom: (s) => latest.current.onZoom?.(s),
        onReset: () => latest.current.onReset?.(),
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

  useEffect(() => {
    plot.current?.setData(data);
  }, [data, props.span, props.partialFrom, thresholds, marks]);

  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height });
  }, [width, height]);

  const toggle = (key: string, add: boolean) =>
    setIsolated((before) => {
      const only = before.size === 1 && before.has(key);
      if (!add) return only ? new Set() : new Set([key]);
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });

  return (
    <Box ref={sized} pos="relative">
      <div ref={holder} role="img" aria-label={props.label} style={{ minHeight: height }} />
      {cursor !== null && (
        <Tooltip cursor={cursor} width={width} times={times} interval={interval} series={series} isolated={isolated} unit={props.unit} utc={props.utc} marks={marks} dark={dark} />
      )}
      {legend && <Legend series={series} unit={props.unit} isolated={isolated} dark={dark} onToggle={toggle} />}
    </Box>
  );
}
