import { Group, Text, useComputedColorScheme, VisuallyHidden } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { Panel, type Asked } from '@/components/Panel';
import type { Colour } from '@/lib/palette';
import { formatValue } from '@/lib/units';
import classes from './DensityPanel.module.css';
import type { Densities } from './density';

const height = 200;
const foot = 22;
const unit = 'Milliseconds';

interface Props {
  names: readonly string[];
  colours: readonly Colour[];
  asked: Asked<Densities | null>;
}

/** How the durations of each scope are distributed, laid upon each other: share of its requests by duration. */
export function DensityPanel({ names, colours, asked }: Props) {
  const dark = useComputedColorScheme('light') === 'dark';
  return (
    <Panel title="Latency distribution" hint="Share of the requests of each by how long they took, over the whole time; the scale of durations is logarithmic" asked={asked} isEmpty={(d) => d === null} empty="No request was measured in this time." height={height}>
      {(densities) => densities !== null && <Curves names={names} colours={colours.map((c) => (dark ? c.dark : c.light))} densities={densities} />}
    </Panel>
  );
}

function Curves({ names, colours, densities: { bounds, shares } }: { names: readonly string[]; colours: readonly string[]; densities: Densities }) {
  const { ref, width } = useElementSize();
  const most = Math.max(...shares.flatMap((s) => s ?? []), 0.01);
  const steps = bounds.length - 1;
  const x = (i: number) => (i / steps) * width;
  const y = (share: number) => (1 - share / most) * (height - foot - 14) + 14;
  const every = Math.max(1, Math.ceil(steps / Math.max(2, Math.floor(width / 90))));
  return (
    <div ref={ref}>
      <svg width="100%" height={height} role="img" aria-label={`Distribution of latency of ${names.join(', ')}`} className={classes.plot}>
        <line x1={0} x2={width} y1={y(0)} y2={y(0)} className={classes.axis} />
        <line x1={0} x2={width} y1={y(most)} y2={y(most)} className={classes.grid} />
        <text x={2} y={y(most) - 3} className={classes.text}>
          {formatValue(most, 'Ratio')} of its requests
        </text>
        {bounds.map(
          (b, i) =>
            i % every === 0 &&
            i < steps && (
              <g key={b}>
                <line x1={x(i)} x2={x(i)} y1={y(0)} y2={y(0) + 4} className={classes.axis} />
                <text x={x(i) + 2} y={height - 6} className={classes.text}>
                  {formatValue(b, unit)}
                </text>
              </g>
            ),
        )}
        {shares.map((list, n) => list !== undefined && <path key={n} d={stairs(list, x, y)} fill={colours[n]} fillOpacity={0.1} stroke={colours[n]} strokeWidth={1.75} strokeDasharray={dashes[n % dashes.length]} />)}
      </svg>
      <Group gap="md">
        {names.map((name, n) => (
          <Group key={name} gap={6} wrap="nowrap">
            <svg width={22} height={8} aria-hidden>
              <line x1={0} x2={22} y1={4} y2={4} stroke={colours[n]} strokeWidth={2} strokeDasharray={dashes[n % dashes.length]} />
            </svg>
            <Text size="xs">
              {name}
              {shares[n] === undefined ? ' (no requests)' : `: most took ${peak(bounds, shares[n])}`}
            </Text>
          </Group>
        ))}
      </Group>
      <VisuallyHidden>
        <table>
          <caption>Share of requests by duration</caption>
          <thead>
            <tr>
              <th scope="col">Duration up to</th>
              {names.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {bounds.slice(1).map((b, i) => (
              <tr key={b}>
                <th scope="row">{formatValue(b, unit)}</th>
                {shares.map((list, n) => (
                  <td key={n}>{formatValue(list?.[i], 'Ratio')}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </VisuallyHidden>
    </div>
  );
}

/** Lines are told apart by their strokes, too. */
const dashes = [undefined, '6 3', '2 3', '10 3 2 3', '1 4', '8 2'];

/** The outline of steps from the ground up and back to it. */
function stairs(list: readonly number[], x: (i: number) => number, y: (share: number) => number): string {
  const tops = list.map((share, i) => `V${y(share).toFixed(1)}H${x(i + 1).toFixed(1)}`).join('');
  return `M${x(0).toFixed(1)} ${y(0).toFixed(1)}${tops}V${y(0).toFixed(1)}`;
}

/** The step with the most observations, in words. */
function peak(bounds: readonly number[], list: readonly number[]): string {
  const i = list.indexOf(Math.max(...list));
  return `${formatValue(bounds[i], unit)} to ${formatValue(bounds[i + 1], unit)}`;
}
