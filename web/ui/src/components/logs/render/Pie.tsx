import { coloursFor } from '@/lib/palette';
import { formatExact, formatValue } from '@/lib/units';
import type { Categories } from './model';
import classes from './Render.module.css';

const most = 10;
const [size, hole] = [220, 58];

/** Shares of a whole, with their names and numbers beside. Small ones are put together. */
export function Pie({ label, data, dark }: { label: string; data: Categories; dark: boolean }) {
  const { values, unit } = data.series[0] ?? { values: [], unit: '' };
  const parts = slices(data.names, values);
  const total = parts.reduce((sum, p) => sum + p.value, 0);
  if (total <= 0) return <p>There is nothing above zero to share.</p>;
  const colours = coloursFor(parts.map((p) => p.name));
  const ends = parts.map((_, i) => parts.slice(0, i + 1).reduce((sum, p) => sum + p.value, 0) / total);
  const colour = (i: number) => (dark ? colours[i]?.dark : colours[i]?.light);
  return (
    <div className={classes.pie}>
      <svg viewBox={`0 0 ${size} ${size}`} width={size} height={size} role="img" aria-label={label}>
        {parts.map((p, i) => (
          <path key={i} d={ring(ends[i - 1] ?? 0, ends[i] ?? 1)} fill={colour(i)} fillRule="evenodd" className={classes.slice}>
            <title>{`${p.name}: ${formatExact(p.value, unit)}`}</title>
          </path>
        ))}
      </svg>
      <table className={classes.shares}>
        <tbody>
          {parts.map((p, i) => (
            <tr key={i}>
              <th scope="row">
                <span className={classes.swatch} style={{ background: colour(i) }} aria-hidden />
                {p.name}
              </th>
              <td>{formatValue(p.value, unit)}</td>
              <td>{formatValue(p.value / total, 'Ratio')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface Slice {
  name: string;
  value: number;
}

function slices(names: readonly string[], values: readonly (number | null)[]): Slice[] {
  const all = names.map((name, i) => ({ name, value: Math.max(0, values[i] ?? 0) })).sort((a, b) => b.value - a.value);
  if (all.length <= most) return all;
  const rest = all.slice(most - 1);
  return [...all.slice(0, most - 1), { name: `${rest.length} others`, value: rest.reduce((sum, s) => sum + s.value, 0) }];
}

/** A part of a ring, from one share of the turn to another, clockwise from the top. */
function ring(from: number, to: number): string {
  const [r, inner] = [size / 2 - 2, hole];
  if (to - from > 0.99999) return `${circle(r)}${circle(inner)}`;
  const point = (share: number, radius: number) => `${(size / 2 + radius * Math.sin(share * 2 * Math.PI)).toFixed(2)} ${(size / 2 - radius * Math.cos(share * 2 * Math.PI)).toFixed(2)}`;
  const large = to - from > 0.5 ? 1 : 0;
  return `M${point(from, r)}A${r} ${r} 0 ${large} 1 ${point(to, r)}L${point(to, inner)}A${inner} ${inner} 0 ${large} 0 ${point(from, inner)}Z`;
}

const circle = (r: number) => `M${size / 2} ${size / 2 - r}a${r} ${r} 0 1 1 0 ${2 * r}a${r} ${r} 0 1 1 0 ${-2 * r}Z`;
