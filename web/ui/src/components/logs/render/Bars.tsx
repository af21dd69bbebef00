import { formatExact, formatValue } from '@/lib/units';
import { Key } from './Key';
import type { Categories } from './model';
import classes from './Render.module.css';
import { extent } from './scale';

/** Horizontal bars, each with its name and value. */
export function Bars({ label, data, dark }: { label: string; data: Categories; dark: boolean }) {
  const sums = data.names.map((_, i) => data.series.reduce((sum, s) => sum + Math.max(0, s.values[i] ?? 0), 0));
  const [, high] = data.stacked ? extent(sums, true) : extent(data.series.flatMap((s) => s.values.map((v) => (v === null ? null : Math.abs(v)))), true);
  const colour = (i: number) => (dark ? data.series[i]?.colour.dark : data.series[i]?.colour.light);
  const width = (value: number | null) => `${(Math.abs(value ?? 0) / high) * 100}%`;
  return (
    <>
      <table className={classes.bars} aria-label={label}>
        <tbody>
          {data.names.map((name, n) => (
            <tr key={n}>
              <th scope="row">{name}</th>
              <td>
                {data.stacked ? (
                  <div className={classes.track}>
                    {data.series.map((s, i) => (
                      <div key={s.label} className={classes.bar} style={{ width: width(s.values[n] ?? null), background: colour(i) }} title={`${s.label}: ${formatExact(s.values[n], s.unit)}`} />
                    ))}
                  </div>
                ) : (
                  data.series.map((s, i) => (
                    <div key={s.label} className={classes.track}>
                      <div className={classes.bar} style={{ width: width(s.values[n] ?? null), background: colour(i) }} title={`${s.label}: ${formatExact(s.values[n], s.unit)}`} />
                    </div>
                  ))
                )}
              </td>
              <td className={classes.number}>
                {data.stacked ? (
                  <div>{formatValue(sums[n], data.series[0]?.unit ?? '')}</div>
                ) : (
                  data.series.map((s) => <div key={s.label}>{formatValue(s.values[n], s.unit)}</div>)
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Key series={data.series} dark={dark} />
    </>
  );
}
