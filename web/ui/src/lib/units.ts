/** Units of the metric catalogue, and how people read them. A value has at most three significant digits and always its unit. */

/** A unit of the catalogue, such as Milliseconds. Names that are not known are shown as they are. */
export type Unit = string;

/** One step of a scale: values from `from` on are divided by it and get the suffix. */
interface Step {
  from: number;
  suffix: string;
}

const durations: Step[] = [
  { from: 86_400_000, suffix: 'd' },
  { from: 3_600_000, suffix: 'h' },
  { from: 60_000, suffix: 'min' },
  { from: 1000, suffix: 's' },
  { from: 1, suffix: 'ms' },
  { from: 1e-3, suffix: 'µs' },
];

const metric = (unit: string): Step[] => [
  { from: 1e12, suffix: `T${unit}` },
  { from: 1e9, suffix: `G${unit}` },
  { from: 1e6, suffix: `M${unit}` },
  { from: 1e3, suffix: `k${unit}` },
  { from: 1, suffix: unit },
];

const binary: Step[] = [
  { from: 2 ** 40, suffix: 'TiB' },
  { from: 2 ** 30, suffix: 'GiB' },
  { from: 2 ** 20, suffix: 'MiB' },
  { from: 2 ** 10, suffix: 'KiB' },
  { from: 1, suffix: 'B' },
];

interface Scale {
  /** Factor from the catalogue's unit to that of the steps. */
  factor: number;
  /** Largest first. The last is for everything below. */
  steps: Step[];
}

const scales: Record<string, Scale> = {
  Milliseconds: { factor: 1, steps: durations },
  Seconds: { factor: 1000, steps: durations },
  Hours: { factor: 1, steps: [{ from: 1, suffix: 'h' }] },
  Percent: { factor: 1, steps: [{ from: 1, suffix: '%' }] },
  Ratio: { factor: 100, steps: [{ from: 1, suffix: '%' }] },
  Factor: { factor: 1, steps: [{ from: 1, suffix: '×' }] },
  Bytes: { factor: 1, steps: binary },
  BytesPerSecond: { factor: 1, steps: metric('B/s') },
  Hertz: { factor: 1, steps: metric('Hz') },
  Joules: { factor: 1, steps: metric('J') },
  Watts: { factor: 1, steps: metric('W') },
  Celsius: { factor: 1, steps: [{ from: 1, suffix: '°C' }] },
  Count: { factor: 1, steps: metric('') },
  CountPerSecond: { factor: 1, steps: metric('/s') },
  CountPerMinute: { factor: 1, steps: metric('/min') },
  JoulesPerMinute: { factor: 1, steps: metric('J/min') },
};

function scaleOf(unit: Unit): Scale {
  return scales[unit] ?? { factor: 1, steps: metric(unit) };
}

/** Counters of the catalogue of which all aggregations but the total are per minute, besides those whose names say so. */
export const perMinute: ReadonlySet<string> = new Set(['GpuEccErrors', 'GpuEnergyJoules', 'GpuXidErrors', 'InstanceRestarts', 'ModelPreemptions', 'ModelRequestsFinished', 'ModelRequestsRejected', 'StreamErrors']);

/**
 * The unit to read a metric in, where the catalogue's says too little: its counters are counted in total and otherwise per minute,
 * and a skew is how many times the mean.
 */
export function unitOf(name: string, unit: Unit, aggregation = ''): Unit {
  if (name.startsWith('TrafficSkew')) return 'Factor';
  if (unit !== 'Count') return unit;
  const rate = aggregation.toLowerCase() !== 'total' && (name.endsWith('PerMinute') || perMinute.has(name));
  if (name === 'GpuEnergyJoules') return rate ? 'JoulesPerMinute' : 'Joules';
  return rate ? 'CountPerMinute' : 'Count';
}

function stepFor(scale: Scale, magnitude: number): Step {
  const { steps } = scale;
  // What rounds up to the next unit is shown in that: 999.7 ms is 1 s.
  return steps.find((step) => magnitude >= step.from * 0.9995) ?? last(steps);
}

function last(steps: Step[]): Step {
  const step = steps.at(-1);
  if (step === undefined) throw new Error('a scale without steps');
  return step;
}

/** Three significant digits, without zeros that say nothing: 4.1, 0.031, 312, 1,240 (whole numbers keep all of their digits). */
export function formatNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  if (size < 0.001) return value.toExponential(1).replace('e-', 'e−');
  return String(Number(value.toPrecision(3)));
}

/** No data, which is never a zero. */
export const noData = '–';

/** A value for people: 4.1 s, 310 µs, 97 %, 1.2 GiB; a dash where there is none. */
export function formatValue(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || Number.isNaN(value)) return noData;
  if (!Number.isFinite(value)) return value > 0 ? '+∞' : '−∞';
  const scale = scaleOf(unit);
  const scaled = value * scale.factor;
  if (scaled === 0) return join('0', last(scale.steps).suffix === 'µs' ? 'ms' : last(scale.steps).suffix);
  // Less than a nanosecond is what is left of nothing: the middle of the bucket that holds zeros.
  if (scale.steps === durations && Math.abs(scaled) < 1e-6) return join('0', 'ms');
  if (scale.steps === durations && Math.abs(scaled) >= 59_995) return formatDuration(scaled);
  const step = stepFor(scale, Math.abs(scaled));
  return join(formatNumber(scaled / step.from).replace('-', '−'), step.suffix);
}

/** The value with all of its digits, in the catalogue's unit, for whoever asks for it. */
export function formatExact(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined) return 'no data';
  return `${value.toLocaleString('en-US', { maximumFractionDigits: 12 })} ${unit}`.trim();
}

/** Six digits of a value in one unit of a kind, where formatValue says less: 4,123.4 ms for 4.12 s; empty where it says all. */
export function formatPrecise(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '';
  const { factor, steps } = scaleOf(unit);
  const base = steps.find((s) => s.from === 1) ?? last(steps);
  const digits = Number((value * factor).toPrecision(6)).toLocaleString('en-US', { maximumFractionDigits: 12 });
  const text = join(digits.replace('-', '−'), base.suffix);
  return text === formatValue(value, unit) ? '' : text;
}

// Suffixes that begin with a slash or are a sign for times stay at the number; units have a space before them that does not break.
function join(digits: string, suffix: string): string {
  return suffix === '' || suffix.startsWith('/') || suffix === '×' ? digits + suffix : `${digits}\u00a0${suffix}`;
}

/** A duration of milliseconds in its two largest units: 2 min 5 s, 3 h 12 min, 45 s, 310 ms. */
export function formatDuration(ms: number): string {
  const sign = ms < 0 ? '−' : '';
  const size = Math.abs(ms);
  if (size < 59_995) return sign + formatValue(size, 'Milliseconds');
  const seconds = Math.round(size / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  return (
    sign +
    parts
      .slice(first, first + 2)
      .filter(([n]) => n > 0)
      .map(([n, suffix]) => `${n}\u00a0${suffix}`)
      .join('\u00a0')
  );
}

/** A change against another value: −12 %, +3.4 %, ×13; empty where there is nothing to compare. */
export function formatChange(now: number | null | undefined, before: number | null | undefined): string {
  if (now == null || before == null) return '';
  if (now === before) return '±0 %';
  if (before === 0) return 'from 0';
  const factor = now / before;
  if (factor >= 3) return `×${formatNumber(Number(factor.toPrecision(2)))}`;
  const percent = (factor - 1) * 100;
  if (Math.abs(percent) < 0.05) return '±0 %';
  return `${percent > 0 ? '+' : '−'}${formatNumber(Number(Math.abs(percent).toPrecision(2)))} %`;
}

/** Labels of an axis share one unit, chosen by the largest value on it. */
export function formatAxis(values: number[], unit: Unit): string[] {
  const scale = scaleOf(unit);
  const largest = Math.max(...values.map((v) => Math.abs(v * scale.factor)), 0);
  const step = largest === 0 ? last(scale.steps) : stepFor(scale, largest);
  const scaled = values.map((v) => (v * scale.factor) / step.from);
  const gap = scaled.length > 1 ? Math.abs((scaled[1] ?? 0) - (scaled[0] ?? 0)) : 1;
  const digits = [0, 1, 2, 3, 4, 5].find((d) => isWhole(gap * 10 ** d)) ?? 6;
  return scaled.map((v) => {
    if (v === 0) return '0';
    return join(v.toLocaleString('en-US', { maximumFractionDigits: digits }).replace('-', '−'), step.suffix);
  });
}

const isWhole = (v: number) => Math.abs(v - Math.round(v)) <= 1e-6 * Math.max(v, 1e-3);

/** Distances between ticks that look round in a unit: powers of two for bytes, sixties for long durations. */
export function tickSteps(unit: Unit): number[] | undefined {
  if (unit === 'Bytes') return Array.from({ length: 45 }, (_, i) => 2 ** i);
  if (unit !== 'Milliseconds' && unit !== 'Seconds') return undefined;
  const small = [-6, -5, -4, -3, -2, -1, 0, 1, 2, 3].flatMap((e) => [1, 2, 5].map((m) => m * 10 ** e));
  const large = [10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800].map((s) => s * 1000);
  const all = [...small.filter((v) => v < 10_000), ...large];
  return unit === 'Seconds' ? all.map((v) => v / 1000) : all;
}
