import { useElementSize } from '@mantine/hooks';
import { formatAxis, formatExact } from '@/lib/units';
import { Key } from './Key';
import type { Categories } from './model';
import classes from './Render.module.css';
import { extent, ticks } from './scale';

const [height, left, below] = [280, 64, 46];

/** Vertical columns over names, beside or upon each other. */
export function Columns({ label, data, dark }: { label: string; data: Categories; dark: boolean }) {
  const { ref, width } = useElementSize();
  const { names, series, stacked } = data;
  const unit = series[0]?.unit ?? '';
  const sums = names.map((_, i) => series.reduce((sum, s) => sum + Math.max(0, s.values[i] ?? 0), 0));
  const [low, high] = extent(stacked ? sums : series.flatMap((s) => s.values), true);
  const steps = ticks(low, high, 5);
  const labels = formatAxis(steps, unit);
  const plot = { width: Math.max(0, width - left - 8), height: height - below - 8 };
  const y = (v: number) => 8 + plot.height - ((v - low) / (high - low)) * plot.height;
  const slot = plot.width / Math.max(1, names.length);
  const bar = Math.max(1, Math.min(60, (slot * 0.8) / (stacked ? 1 : series.length)));
  const every = Math.ceil(names.length / Math.max(1, Math.floor(plot.width / 90)));
  const bottoms = names.map(() => 0);
  return (
    <div ref={ref}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={`${label}. The rows have its values.`} className={classes.svg}>
          {steps.map((v, i) => (
            <g key={v}>
              <line x1={left} x2={width - 8} y1={y(v)} y2={y(v)} className={classes.grid} />
              <text x={left - 6} y={y(v) + 4} textAnchor="end">
                {labels[i]}
              </text>
            </g>
          ))}
          {series.map((s, j) =>
            names.map((name, i) => {
              const value = s.values[i] ?? null;
              if (value === null) return null;
              const from = stacked ? (bottoms[i] ?? 0) : 0;
              if (stacked) bottoms[i] = from + Math.max(0, value);
              const [a, b] = [y(from), y(from + value)];
              const x = left + slot * i + (slot - bar * (stacked ? 1 : series.length)) / 2 + (stacked ? 0 : bar * j);
              return (
                <rect key={`${s.label} ${i}`} x={x} y={Math.min(a, b)} width={Math.max(1, bar - 1)} height={Math.max(1, Math.abs(a - b))} fill={dark ? s.colour.dark : s.colour.light}>
                  <title>{`${name} · ${s.label}: ${formatExact(value, s.unit)}`}</title>
                </rect>
              );
            }),
          )}
          {names.map((name, i) =>
            i % every === 0 ? (
              <text key={i} x={left + slot * (i + 0.5)} y={height - below + 20} textAnchor="middle">
                <title>{name}</title>
                {short(name, (slot * every) / 7)}
              </text>
            ) : null,
          )}
        </svg>
      )}
      <Key series={series} dark={dark} />
    </div>
  );
}

const short = (text: string, most: number) => (text.length <= most ? text : `${text.slice(0, Math.max(1, Math.floor(most) - 1))}…`);
