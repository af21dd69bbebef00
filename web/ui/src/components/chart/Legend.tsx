import { formatValue, type Unit } from '@/lib/units';
import { summarise, type ChartSeries } from './model';
import classes from './Chart.module.css';

interface Props {
  series: readonly ChartSeries[];
  unit: Unit;
  isolated: ReadonlySet<string>;
  dark: boolean;
  /** With Ctrl or Shift the series is added to those that are shown. */
  onToggle: (key: string, add: boolean) => void;
}

/** The series of a chart with their last, least, mean and greatest value. A click shows one alone. */
export function Legend({ series, unit, isolated, dark, onToggle }: Props) {
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
          {series.map((s) => {
            const { last, min, mean, max } = summarise(s.values);
            const off = isolated.size > 0 && !isolated.has(s.key);
            return (
              <tr key={s.key} data-off={off || undefined}>
                <th scope="row">
                  <button type="button" aria-pressed={isolated.has(s.key)} onClick={(e) => onToggle(s.key, e.ctrlKey || e.metaKey || e.shiftKey)} title={`${s.label}: show alone`}>
                    <span className={classes.swatch} style={{ background: dark ? s.colour.dark : s.colour.light }} aria-hidden />
                    <span className={classes.name}>{s.label}</span>
                  </button>
                </th>
                {[last, min, mean, max].map((value, i) => (
                  <td key={i}>{formatValue(value, unit)}</td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
