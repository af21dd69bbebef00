import { useElementSize } from '@mantine/hooks';
import { formatAxis, formatExact } from '@/lib/units';
import { Key } from './Key';
import type { Points as Data } from './model';
import classes from './Render.module.css';
import { extent, ticks } from './scale';

const [height, left, below] = [320, 64, 46];

/** Numbers against numbers, as points or joined to lines. */
export function Points({ label, data, dark }: { label: string; data: Data; dark: boolean }) {
  const { ref, width } = useElementSize();
  const all = data.series.flatMap((s) => s.points);
  const [x0, x1] = extent(all.map((p) => p[0]), false);
  const [y0, y1] = extent(all.map((p) => p[1]), true);
  const plot = { width: Math.max(1, width - left - 12), height: height - below - 8 };
  const x = (v: number) => left + ((v - x0) / (x1 - x0)) * plot.width;
  const y = (v: number) => 8 + plot.height - ((v - y0) / (y1 - y0)) * plot.height;
  const [xs, ys] = [ticks(x0, x1, Math.max(2, Math.floor(plot.width / 90))), ticks(y0, y1, 6)];
  const [xLabels, yLabels] = [formatAxis(xs, data.xUnit), formatAxis(ys, data.yUnit)];
  return (
    <div ref={ref}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={`${label}. The rows have its values.`} className={classes.svg}>
          {ys.map((v, i) => (
            <g key={v}>
              <line x1={left} x2={width - 12} y1={y(v)} y2={y(v)} className={classes.grid} />
              <text x={left - 6} y={y(v) + 4} textAnchor="end">
                {yLabels[i]}
              </text>
            </g>
          ))}
          {xs.map((v, i) => (
            <text key={v} x={x(v)} y={height - below + 16} textAnchor="middle">
              {xLabels[i]}
            </text>
          ))}
          <text x={left + plot.width / 2} y={height - 8} textAnchor="middle">
            {data.xTitle}
          </text>
          {data.series.map((s) => {
            const colour = dark ? s.colour.dark : s.colour.light;
            if (data.joined) return <path key={s.label} d={s.points.map((p, i) => `${i === 0 ? 'M' : 'L'}${x(p[0]).toFixed(1)} ${y(p[1]).toFixed(1)}`).join('')} fill="none" stroke={colour} strokeWidth={1.6} />;
            return s.points.map((p, i) => (
              <circle key={`${s.label} ${i}`} cx={x(p[0])} cy={y(p[1])} r={2.5} fill={colour} fillOpacity={0.7}>
                <title>{`${s.label}: ${formatExact(p[0], data.xUnit)}, ${formatExact(p[1], data.yUnit)}`}</title>
              </circle>
            ));
          })}
        </svg>
      )}
      <Key series={data.series} dark={dark} />
    </div>
  );
}
