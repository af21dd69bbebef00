/** The server's own metrics, in Prometheus's text format. */

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Reads samples. Comments and lines of another form are left out. */
export function parseExposition(text: string): Sample[] {
  const out: Sample[] = [];
  for (const row of text.split('\n')) {
    const found = row.startsWith('#') ? null : line.exec(row);
    if (found === null) continue;
    const [, name = '', labelText = '', number = ''] = found;
    const value = readNumber(number);
    if (value === undefined) continue;
    const labels: Record<string, string> = {};
    for (const [, key = '', quoted = ''] of labelText.matchAll(label)) labels[key] = quoted.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
    out.push({ name, labels, value });
  }
  return out;
}

function readNumber(text: string): number | undefined {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  if (text === 'NaN') return Number.NaN;
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}

/** The metrics at two times, to tell rates from. */
export class Readings {
  constructor(
    private readonly now: Sample[],
    private readonly before: Sample[] | undefined,
    private readonly seconds: number,
  ) {}

  /** The sum over all series of a name that have the labels; null where there is none. */
  value(name: string, labels: Record<string, string> = {}): number | null {
    return sum(this.now, name, labels);
  }

  /** Increase per second between the two times; null before there are two, and where the server began anew. What was not there before was 0. */
  rate(name: string, labels: Record<string, string> = {}): number | null {
    const now = sum(this.now, name, labels);
    if (now === null || this.before === undefined || this.seconds <= 0) return null;
    const before = sum(this.before, name, labels) ?? 0;
    if (now < before) return null;
    return (now - before) / this.seconds;
  }

  /** Sums by the values of some labels, of those that are not 0. */
  by(name: string, ...labels: string[]): { labels: Record<string, string>; value: number }[] {
    const groups = new Map<string, { labels: Record<string, string>; value: number }>();
    for (const s of this.now) {
      if (s.name !== name || s.value === 0) continue;
      const own = Object.fromEntries(labels.map((l) => [l, s.labels[l] ?? '']));
      const key = JSON.stringify(own);
      const group = groups.get(key) ?? { labels: own, value: 0 };
      group.value += s.value;
      groups.set(key, group);
    }
    return [...groups.values()].sort((a, b) => b.value - a.value);
  }
}

function sum(samples: Sample[], name: string, labels: Record<string, string>): number | null {
  let total: number | null = null;
  for (const s of samples) {
    if (s.name === name && Object.entries(labels).every(([k, v]) => s.labels[k] === v)) total = (total ?? 0) + s.value;
  }
  return total;
}
