import 'uplot/dist/uPlot.min.css';
import { Box, Text, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import { formatInstant, type Span } from '@/lib/time';
import { formatValue } from '@/lib/units';
import classes from './Chart.module.css';
import { attachGestures } from './gestures';
import { changeTime, keyAction, keyHelp } from './keys';
import { Legend } from './Legend';
import { columns, drawnKind, pastLines, unitsOf, type Band, type ChartData, type ChartKind, type ChartSeries, type Mark, type Threshold } from './model';
import { axisSize, plotOptions, putCrosshair } from './plot';
import { inWords } from './summary';
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

/** A mark is read from as many pixels beside its line. */
const reach = 6;

/** A chart over time. Values stand in the middle of the window that they are of, unless it is said otherwise. */
export function Chart(props: ChartProps) {
  const { times, interval, series, unit, utc, height = 180, thresholds = nobody, marks = nobody, band, standsAt = 'middle', syncKey = 'page', legend = true } = props;
  const dark = useComputedColorScheme('light') === 'dark';
  const { ref: sized, width } = useElementSize();
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const byHand = useRef(false);
  const about = useId();
  const [isolated, setIsolated] = useState<ReadonlySet<string>>(new Set());
  const [cursor, setCursor] = useState<{ index: number; left: number; marks: readonly Mark[] } | null>(null);
  const [said, say] = useState('');

  const point = useCallback((at: { left: number; top: number }) => {
    if (plot.current === null) return;
    byHand.current = true;
    putCrosshair(plot.current, at);
    byHand.current = false;
  }, []);

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
        onCursor: (at) => setCursor(at !== null && (at.own || byHand.current) ? { index: at.index, left: at.left, marks: marksAt(plot.current, at, latest.current.props) } : null),
        onZoom: (s) => latest.current.props.onZoom?.(s),
        onReset: () => latest.current.props.onReset?.(),
      },
      uPlot,
      width,
      height,
    );
    const made = new uPlot(options, data, holder.current);
    plot.current = made;
    const detach = attachGestures(made, {
      span: () => (latest.current.props.onZoom === undefined ? undefined : latest.current.props.span),
      onPoint: point,
      onMove: (s) => latest.current.props.onZoom?.(s),
    });
    return () => {
      detach();
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

  const { span, partialFrom } = props;
  const words = useMemo(() => inWords({ times, interval, span, partialFrom, unit, series }, utc, marks), [times, interval, span, partialFrom, unit, series, utc, marks]);

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

  const press = (e: React.KeyboardEvent) => {
    const u = plot.current;
    const last = times.length - 1;
    const action = keyAction(e);
    if (u === null || action === undefined) return;
    const at = cursor?.index;
    const read = (index: number) => {
      point({ left: u.valToPos(data[0][index] ?? 0, 'x'), top: 0 });
      say(sentence(series, index, props));
    };
    if (changeTime(action, { ...props, at: cursor === null ? undefined : cursor.left / u.over.clientWidth })) {
      // nothing else to do
    } else if (action.kind === 'read' && action.columns !== 0 && last >= 0) {
      read(Math.min(last, Math.max(0, at === undefined ? (action.columns < 0 ? last : 0) : at + action.columns)));
    } else if (action.kind === 'end' && last >= 0) {
      read(action.end === 'first' ? 0 : last);
    } else if (action.kind === 'mark') {
      const mark = nextMark(marks, props.span, cursor === null ? undefined : u.posToVal(cursor.left, 'x') * 1000, action.step);
      if (mark !== undefined) point({ left: u.valToPos(mark.at / 1000, 'x'), top: 0 });
      say(mark === undefined ? 'No mark in this time' : `${formatInstant(mark.at, utc, true)}: ${mark.label}`);
    } else if (action.kind === 'leave' && at !== undefined) {
      putCrosshair(u);
    } else return;
    e.preventDefault();
    e.stopPropagation();
  };

  const leave = () => {
    if (plot.current !== null) putCrosshair(plot.current);
    say('');
  };

  return (
    <Box ref={sized} pos="relative">
      <div
        ref={holder}
        role="img"
        aria-label={props.label}
        aria-describedby={about}
        tabIndex={0}
        onKeyDown={press}
        onBlur={leave}
        className={classes.plot}
        style={{ minHeight: height }}
      />
      <p className={classes.hidden} id={about}>
        {words} {keyHelp} {marks.length > 0 && 'M finds the next mark.'}
      </p>
      <div className={classes.hidden} aria-live="polite">
        {said}
      </div>
      {cursor !== null && (
        <Tooltip cursor={cursor} width={width} left={axisSize} times={times} interval={interval} partialFrom={partialFrom} series={series} isolated={alone} unit={unit} utc={utc} marks={cursor.marks} dark={dark} />
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

/** What happened in the window under the crosshair, or so near to it that one means it. */
function marksAt(u: uPlot | null, { index, left }: { index: number; left: number }, { marks = nobody, times, interval }: ChartProps): readonly Mark[] {
  const start = times[index];
  if (u === null || marks.length === 0 || start === undefined) return nobody;
  return marks.filter((m) => (m.at > start && m.at <= start + interval) || Math.abs(u.valToPos(m.at / 1000, 'x') - left) <= reach);
}

/** The mark after an instant, or before it; from nowhere the first, or the last. */
function nextMark(marks: readonly Mark[], span: Span, at: number | undefined, step: 1 | -1): Mark | undefined {
  const shown = marks.filter((m) => m.at >= span.start && m.at <= span.end).sort((a, b) => (a.at - b.at) * step);
  // The crosshair stands on whole pixels: what is less than a thousandth of the time away is where it is.
  const slack = (span.end - span.start) / 1000;
  return shown.find((m) => at === undefined || (m.at - at) * step > slack);
}
