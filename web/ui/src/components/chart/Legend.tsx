import { memo } from 'react';
import { formatExact, formatValue, type Unit } from '@/lib/units';
import { summarise, type ChartSeries } from './model';
import classes from './Chart.module.css';

interface Props {
  series: readonly ChartSeries[];
  unit: Unit;
  /** The unit that is read on the right. */
  right?: Unit | undefined;
  isolated: ReadonlySet<string>;
  /** How many windows have ended: what runs still says nothing of the series yet. */
  ended: number;
  dark: boolean;
  /** With Ctrl or Shift the series is added to those that are shown. */
  onToggle: (key: string, add: boolean) => void;
}

/** The series of a chart with their last, least, mean and greatest value. A click, or Enter, shows one alone. */
export const Legend = memo(function Legend({ series, unit, right, isolated, ended, dark, onToggle }: Props) {
  if (series.length === 0) return null;
  return (
    <div className={classes.legend}>
      <table>
        <thead>
          <tr>
            <th scope="col">
              <span className={classes.hidden}>series</span>
            </th>
            <th scope="col">last</th>
            <th scope="col">min</th>
            <th scope="col">mean</th>
            <th scope="col">max</th>
          </tr>
        </thead>
        <tbody>
          {series.map((s) => (
            <Row key={s.key} series={s} unit={s.unit ?? unit} ended={ended} right={right !== undefined && s.unit === right} pressed={isolated.has(s.key)} off={isolated.size > 0 && !isolated.has(s.key)} dark={dark} onToggle={onToggle} />
          ))}
        </tbody>
      </table>
    </div>
  );
});

interface RowProps {
  series: ChartSeries;
  unit: Unit;
  ended: number;
  right: boolean;
  pressed: boolean;
  off: boolean;
  dark: boolean;
  onToggle: (key: string, add: boolean) => void;
}

const Row = memo(function Row({ series, unit, ended, right, pressed, off, dark, onToggle }: RowProps) {
  const { last, min, mean, max } = summarise(ended === 0 ? series.values : series.values.slice(0, ended));
  return (
    <tr data-off={off || undefined}>
      <th scope="row">
        <button
          type="button"
          aria-pressed={pressed}
          onClick={(e) => onToggle(series.key, e.ctrlKey || e.metaKey || e.shiftKey)}
          onKeyDown={(e) => {
            // Browsers do not all make clicks of keys with Ctrl or Shift.
            if ((e.key !== 'Enter' && e.key !== ' ') || !(e.ctrlKey || e.metaKey || e.shiftKey)) return;
            e.preventDefault();
            onToggle(series.key, true);
          }}
          title={`${series.label}: show alone; with Shift, with others`}
        >
          <span className={classes.swatch} style={{ background: dark ? series.colour.dark : series.colour.light }} aria-hidden />
          <span className={classes.name}>{series.label}</span>
          {right && <span className={classes.more}>right axis</span>}
        </button>
      </th>
      {[last, min, mean, max].map((value, i) => (
        <td key={i} title={formatExact(value, unit)}>
          {formatValue(value, unit)}
        </td>
      ))}
    </tr>
  );
});
