/** Time ranges, and how instants are written. All times are milliseconds since 1970 in UTC. */

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** What a page looks at: the last while, or from one instant to another. */
export type TimeRange = { kind: 'relative'; length: number } | { kind: 'absolute'; start: number; end: number };

export interface Span {
  start: number;
  end: number;
}

export const defaultRange: TimeRange = { kind: 'relative', length: hour };

/** The ranges that the picker offers. */
export const presets: readonly { length: number; label: string }[] = [
  { length: 5 * minute, label: 'Last 5 minutes' },
  { length: 15 * minute, label: 'Last 15 minutes' },
  { length: 30 * minute, label: 'Last 30 minutes' },
  { length: hour, label: 'Last hour' },
  { length: 4 * hour, label: 'Last 4 hours' },
  { length: 12 * hour, label: 'Last 12 hours' },
  { length: day, label: 'Last 24 hours' },
  { length: 3 * day, label: 'Last 3 days' },
  { length: 7 * day, label: 'Last 7 days' },
  { length: 30 * day, label: 'Last 30 days' },
  { length: 90 * day, label: 'Last 90 days' },
];

const suffixes: Record<string, number> = { s: second, m: minute, h: hour, d: day, w: 7 * day };

/** A length such as 90s, 1h30m or 7d in milliseconds; undefined for anything else. */
export function parseLength(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^(\d+(\.\d+)?[smhdw])+$/.test(trimmed)) return undefined;
  let total = 0;
  for (const [, digits, suffix] of trimmed.matchAll(/(\d+(?:\.\d+)?)([smhdw])/g)) {
    total += Number(digits) * (suffixes[suffix ?? ''] ?? 0);
  }
  return total > 0 ? total : undefined;
}

/** A length as parseLength reads it: 1h30m. */
export function formatLength(ms: number): string {
  let rest = Math.round(ms / second);
  let out = '';
  for (const [suffix, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const n = Math.floor(rest / size);
    if (n > 0) out += `${n}${suffix}`;
    rest -= n * size;
  }
  return out === '' ? '0s' : out;
}

/** An instant as people and URLs have it: RFC 3339 or seconds since 1970. */
export function parseInstant(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^\d{9,12}(\.\d+)?$/.test(trimmed)) return Number(trimmed) * second;
  if (!/^\d{4}-\d{2}-\d{2}/.test(trimmed)) return undefined;
  const ms = Date.parse(trimmed);
  return Number.isNaN(ms) ? undefined : ms;
}

export function resolveRange(range: TimeRange, now: number): Span {
  return range.kind === 'absolute' ? { start: range.start, end: range.end } : { start: now - range.length, end: now };
}

export function rangeLabel(range: TimeRange, utc: boolean): string {
  if (range.kind === 'relative') {
    return presets.find((p) => p.length === range.length)?.label ?? `Last ${formatLength(range.length)}`;
  }
  return `${formatInstant(range.start, utc)} – ${formatInstant(range.end, utc, sameDay(range.start, range.end, utc))}`;
}

function sameDay(a: number, b: number, utc: boolean): boolean {
  return parts(a, utc).slice(0, 3).join() === parts(b, utc).slice(0, 3).join();
}

function parts(ms: number, utc: boolean): [number, number, number, number, number, number] {
  const d = new Date(ms);
  return utc
    ? [d.getUTCFullYear(), d.getUTCMonth() + 1, d.getUTCDate(), d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()]
    : [d.getFullYear(), d.getMonth() + 1, d.getDate(), d.getHours(), d.getMinutes(), d.getSeconds()];
}

const two = (n: number) => String(n).padStart(2, '0');

/** 2026-03-01 10:00, with seconds where there are some; only the time of day if asked for. */
export function formatInstant(ms: number, utc: boolean, timeOnly = false): string {
  const [y, mo, d, h, mi, s] = parts(ms, utc);
  const time = `${two(h)}:${two(mi)}${s === 0 ? '' : `:${two(s)}`}`;
  return timeOnly ? time : `${y}-${two(mo)}-${two(d)} ${time}`;
}

/** Since when something is as it is: the time of day, with the date where it was not today. */
export function formatSince(ms: number, now: number, utc: boolean): string {
  return formatInstant(ms, utc, sameDay(ms, now, utc));
}

/** The instant in UTC with all it has, for tooltips: 2026-03-01T10:00:00Z. */
export function formatUTC(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

/** How long ago: just now, 12 s ago, 5 min ago, 3 h ago, 2 d ago. */
export function formatAgo(ms: number, now: number): string {
  const age = Math.max(0, now - ms);
  if (age < 2 * second) return 'just now';
  if (age < minute) return `${Math.floor(age / second)} s ago`;
  if (age < hour) return `${Math.floor(age / minute)} min ago`;
  if (age < 2 * day) return `${Math.floor(age / hour)} h ago`;
  return `${Math.floor(age / day)} d ago`;
}

/** Labels for the ticks of a time axis: times of day, with the date where it changes; dates where the ticks are days. */
export function formatTicks(ticks: number[], utc: boolean): string[] {
  const gap = ticks.length > 1 ? (ticks[1] ?? 0) - (ticks[0] ?? 0) : minute;
  return ticks.map((t, i) => {
    const [, mo, d, h, mi, s] = parts(t, utc);
    const date = `${two(mo)}-${two(d)}`;
    if (gap >= day) return date;
    const time = gap < minute ? `${two(h)}:${two(mi)}:${two(s)}` : `${two(h)}:${two(mi)}`;
    const before = ticks[i - 1];
    const newDay = before !== undefined && !sameDay(before, t, utc);
    return newDay ? `${time}\n${date}` : time;
  });
}
