/** The width of the bins of a column of times, as the text of its query says it. */

const text = String.raw`@"[^"]*"|@'[^']*'|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'`;
const textsAndComments = new RegExp(String.raw`${text}|//.*`, 'g');
const lets = /\blet\s+(\w+)\s*=\s*([\w.]+)\s*;/g;
// Name = bin(column or call of it, width); a width is a literal or a name that let gives it.
const bins = /(?:\b(\w+)\s*=\s*)?\b(?:bin|bin_at|floor)\s*\(\s*(\w+|\w+\s*\([^(),]*\))\s*,\s*([\w.]+)\s*[,)]/g;
const makeSeries = /\bmake-series\b[^|;]*?\bon\s+(?:(\w+)\s*=\s*)?(\w+)[^|;]*?\bstep\s+([\w.]+)/g;

/** Milliseconds of the bins that a column of the answer stands for; undefined where the query does not say it, or says several. */
export function binWidth(query: string, column: string): number | undefined {
  const plain = query.replace(textsAndComments, (found) => (found.startsWith('//') ? '' : '""'));
  const named = new Map([...plain.matchAll(lets)].map(([, name, value]) => [name, value]));
  const found = [...plain.matchAll(bins), ...plain.matchAll(makeSeries)] as (string | undefined)[][];
  const widths = found.flatMap(([, name, of, width = '']) => ((name ?? of) === column ? [timespanLiteral(named.get(width) ?? width)] : []));
  const [first] = widths;
  return widths.every((w) => w === first) ? first : undefined;
}

const units: [RegExp, number][] = [
  [/^d(ays?)?$/, 86_400_000],
  [/^h(rs?|ours?)?$/, 3_600_000],
  [/^m(in|inutes?)?$/, 60_000],
  [/^s(ec|econds?)?$/, 1000],
  [/^(ms|milli(s|second|seconds)?)$/, 1],
];

/** Milliseconds of a timespan such as 30s, 1.5h or 100ms; undefined where it is none, or not of whole milliseconds. */
export function timespanLiteral(literal: string): number | undefined {
  const [, number, name] = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(literal) ?? [];
  const unit = units.find(([names]) => names.test(name ?? ''))?.[1];
  if (unit === undefined) return undefined;
  const ms = Math.round(Number(number) * unit * 1e6) / 1e6; // 1.1 s are 1100.0000000000002 ms to a computer
  return ms > 0 && Number.isInteger(ms) ? ms : undefined;
}
