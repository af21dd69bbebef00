import 'uplot/dist/uPlot.min.css';
import { Box, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import { formatInstant, formatUTC, type Span } from '@/lib/time';
import { formatPrecise, formatValue, type Unit } from '@/lib/units';
import classes from './Chart.module.css';
import { heatExtent, heatLegend, shades, type HeatRow, type HeatScale } from './heat';
import { attachGestures } from './gestures';
import { heatOptions } from './heatPlot';
import { changeTime, keyAction, keyHelp } from './keys';
import { isZeroBased } from './model';
import { axisSize, putCrosshair } from './plot';

interface Props {
  label: string;
  times: readonly number[];
  interval: number;
  span: Span;
  /** From when on windows run still. */
  partialFrom?: number | undefined;
  /** From top to bottom. */
  rows: readonly HeatRow[];
  unit: Unit;
  /** What a row and a value are, for the tooltip: "instance", "requests". */
  what?: { row?: string; value?: string };
  scale?: HeatScale;
  utc: boolean;
  height?: number;
  syncKey?: string | undefined;
  onZoom?: ((span: Span) => void) | undefined;
  onReset?: (() => void) | undefined;
}

/** Rows need this many pixels to be told apart. */
const leastRow = 5;

/** Many series, or the parts of a distribution, over time: a row for each, a shade for each value. */
export function HeatMap(props: Props) {
  const { label, times, interval, rows, unit, what, scale = 'linear', utc, syncKey = 'page' } = props;
  const height = Math.max(props.height ?? 180, Math.min(1400, rows.length * leastRow + 40));
  const dark = useComputedColorScheme('light') === 'dark';
  const { ref: sized, width } = useElementSize();
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [cell, setCell] = useState<{ column: number; row: number; left: number; top: number } | null>(null);
  const byHand = useRef(false);
  const about = useId();
  const [said, say] = useState('');
  const extent = useMemo(() => heatExtent(rows, isZeroBased(unit)), [rows, unit]);
  const data = useMemo<uPlot.AlignedData>(() => [times.map((t) => (t + interval / 2) / 1000), times.map(() => null)], [times, interval]);

  const latest = useRef({ props, extent });
  useLayoutEffect(() => {
    latest.current = { props, extent };
  });

  const shape = JSON.stringify([rows.length, utc, dark, syncKey, scale, unit]);
  useEffect(() => {
    if (holder.current === null || width === 0) return;
    const made = new uPlot(
      heatOptions(
        {
          utc,
          dark,
          syncKey,
          scale,
          live: () => ({ span: latest.current.props.span, partialFrom: latest.current.props.partialFrom, thresholds: [], marks: [] }),
          heat: () => ({ rows: latest.current.props.rows, times: latest.current.props.times, interval: latest.current.props.interval, extent: latest.current.extent }),
          onCursor: () => undefined,
          isOwn: () => byHand.current,
          onCell: setCell,
          onZoom: (s) => latest.current.props.onZoom?.(s),
          onReset: () => latest.current.props.onReset?.(),
        },
        uPlot,
        width,
        height,
      ),
      data,
      holder.current,
    );
    plot.current = made;
    const detach = attachGestures(made, {
      span: () => (latest.current.props.onZoom === undefined ? undefined : latest.current.props.span),
      onPoint: (at) => {
        byHand.current = true;
        putCrosshair(made, at);
        byHand.current = false;
      },
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

  useEffect(() => {
    plot.current?.setData(data);
  }, [data, rows, props.span.start, props.span.end]);

  useEffect(() => {
    if (plot.current !== null && width > 0) plot.current.setSize({ width, height });
  }, [width, height]);

  const press = (e: React.KeyboardEvent) => {
    const u = plot.current;
    const action = keyAction(e);
    if (u === null || action === undefined || action.kind === 'mark') return;
    if (changeTime(action, { ...props, at: cell === null ? undefined : cell.left / u.over.clientWidth })) {
      // nothing else to do
    } else if (action.kind === 'leave') {
      if (cell === null) return;
      setCell(null);
    } else if (rows.length > 0 && times.length > 0 && (action.kind === 'read' || action.kind === 'end')) {
      const at = cell ?? { column: action.kind === 'read' && action.columns > 0 ? -1 : times.length, row: 0 };
      const column = action.kind === 'end' ? (action.end === 'first' ? 0 : times.length - 1) : clamp(at.column + action.columns, times.length);
      const row = clamp(at.row + (action.kind === 'read' && cell !== null ? action.rows : 0), rows.length);
      setCell({ column, row, left: u.valToPos(data[0][column] ?? 0, 'x'), top: u.valToPos(rows.length - row - 0.5, 'y') });
      const value = rows[row]?.values[column] ?? null;
      say(`${rows[row]?.label ?? ''}, ${formatInstant(times[column] ?? 0, utc, true)}: ${formatValue(value, unit)} ${what?.value ?? ''}`.trim());
    } else return;
    e.preventDefault();
    e.stopPropagation();
  };

  const row = cell === null ? undefined : rows[cell.row];
  const start = cell === null ? undefined : times[cell.column];
  return (
    <Box ref={sized} pos="relative">
      <div
        ref={holder}
        role="img"
        aria-label={`${label}, heat map`}
        aria-describedby={about}
        tabIndex={0}
        onKeyDown={press}
        onBlur={() => setCell(null)}
        className={classes.plot}
        style={{ minHeight: height }}
      />
      <p className={classes.hidden} id={about}>
        {rows.length} rows from {formatInstant(props.span.start, utc)} to {formatInstant(props.span.end, utc)}. {keyHelp}
      </p>
      <div className={classes.hidden} aria-live="polite">
        {said}
      </div>
      {cell !== null && row !== undefined && start !== undefined && (
        <div className={classes.tooltip} style={{ top: Math.max(0, cell.top - 30), maxWidth: Math.max(axisSize + cell.left, width - axisSize - cell.left) - 14, ...(axisSize + cell.left > width / 2 ? { right: width - axisSize - cell.left + 12 } : { left: axisSize + cell.left + 12 }) }} aria-hidden>
          <div className={classes.when}>
            {formatInstant(start, utc)}
            {interval > 0 && ` – ${formatInstant(start + interval, utc, true)}`}
            {!utc && <span> · {formatUTC(start)}</span>}
          </div>
          <div className={classes.row}>
            <span className={classes.name}>
              {what?.row} {row.label}
            </span>
            <strong>
              {formatValue(row.values[cell.column] ?? null, unit)} {what?.value}
            </strong>
            <span className={classes.past}>{formatPrecise(row.values[cell.column], unit)}</span>
          </div>
        </div>
      )}
      <Scale stops={shades(dark)} labels={heatLegend(extent, scale, unit)} value={what?.value} />
    </Box>
  );
}

const clamp = (index: number, length: number) => Math.min(length - 1, Math.max(0, index));

function Scale({ stops, labels, value }: { stops: string[]; labels: string[]; value?: string | undefined }) {
  return (
    <div className={classes.scale} role="img" aria-label={`Shades from ${labels[0] ?? ''} to ${labels[2] ?? ''} ${value ?? ''}`}>
      <span className={classes.scaleBar} style={{ background: `linear-gradient(to right, ${stops.join(', ')})` }} />
      <span className={classes.scaleLabels}>
        {labels.map((text, i) => (
          <span key={i}>{text}</span>
        ))}
      </span>
      <span className={classes.more}>{value !== undefined && `${value} · `}blank: no data</span>
    </div>
  );
}
