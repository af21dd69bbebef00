import { formatInstant, formatUTC } from '@/lib/time';
import { formatChange, formatPrecise, formatValue, type Unit } from '@/lib/units';
import type { ChartSeries, Mark } from './model';
import classes from './Chart.module.css';

interface Props {
  cursor: { index: number; left: number };
  width: number;
  /** Where the plot begins in the chart. */
  left: number;
  times: readonly number[];
  interval: number;
  /** From when on windows run still: their counts so far are no change against whole ones. */
  partialFrom: number | undefined;
  series: readonly ChartSeries[];
  isolated: ReadonlySet<string>;
  unit: Unit;
  utc: boolean;
  /** What happened there. */
  marks: readonly Mark[];
  dark: boolean;
}

const rows = 12;
/** So many rows have room for their values to the last digit. */
const exactRows = 4;
const marksShown = 4;

/** The signs of marks, as they are drawn on top of their lines. */
const signs = { alert: '▲', change: '■', event: '●' } as const;

/** The values under the crosshair, highest first, with the window that they are of in local time and UTC. */
export function Tooltip({ cursor, width, left, times, interval, partialFrom, series, isolated, unit, utc, marks, dark }: Props) {
  const start = times[cursor.index];
  if (start === undefined) return null;
  const shown = series
    .filter((s) => isolated.size === 0 || isolated.has(s.key))
    .map((s) => ({ s, value: s.values[cursor.index] ?? null, past: s.past?.[cursor.index] ?? null }))
    .sort((a, b) => (b.value ?? Number.NEGATIVE_INFINITY) - (a.value ?? Number.NEGATIVE_INFINITY));
  const runs = partialFrom !== undefined && start >= partialFrom;
  const at = left + cursor.left;
  return (
    <div className={classes.tooltip} style={{ maxWidth: Math.max(at, width - at) - 14, ...(at > width / 2 ? { right: width - at + 12 } : { left: at + 12 }) }} aria-hidden>
      <div className={classes.when}>
        {formatInstant(start, utc)}
        {interval > 0 && ` – ${formatInstant(start + interval, utc, true)}`}
        {runs && ' runs still'}
        {!utc && <span> · {formatUTC(start)}</span>}
      </div>
      {shown.slice(0, rows).map(({ s, value, past }) => (
        <div key={s.key} className={classes.row}>
          <span className={classes.swatch} style={{ background: dark ? s.colour.dark : s.colour.light }} />
          <span className={classes.name}>{s.label}</span>
          <strong>{formatValue(value, s.unit ?? unit)}</strong>
          {shown.length <= exactRows && <span className={classes.past}>{formatPrecise(value, s.unit ?? unit)}</span>}
          {s.past !== undefined && (
            <span className={classes.past}>
              {formatValue(past, s.unit ?? unit)} {runs ? '' : formatChange(value, past)}
            </span>
          )}
        </div>
      ))}
      {shown.length > rows && <div className={classes.more}>and {shown.length - rows} more</div>}
      {marks.slice(0, marksShown).map((m) => (
        <div key={`${m.at} ${m.label}`} className={classes.mark} data-kind={m.kind}>
          <span aria-hidden>{signs[m.kind]}</span> {formatInstant(m.at, utc, true)} {m.label}
        </div>
      ))}
      {marks.length > marksShown && <div className={classes.more}>and {marks.length - marksShown} more marks</div>}
    </div>
  );
}
