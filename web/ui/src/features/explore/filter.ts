/** Filters of /api/v1/metrics as a list of conditions, all of which must hold. */

export type Operator = 'is' | 'not' | 'starts' | 'contains' | 'matches';

export interface Condition {
  dimension: string;
  operator: Operator;
  /** Of which one must hold; of `not` none may. */
  values: string[];
}

export const operators: { value: Operator; label: string }[] = [
  { value: 'is', label: 'is' },
  { value: 'not', label: 'is not' },
  { value: 'starts', label: 'starts with' },
  { value: 'contains', label: 'contains' },
  { value: 'matches', label: 'matches' },
];

const words: Record<string, Operator> = { eq: 'is', ne: 'not', sw: 'starts', contains: 'contains', matches: 'matches' };
const written: Record<Operator, string> = { is: 'eq', not: 'ne', starts: 'sw', contains: 'contains', matches: 'matches' };

const quote = (value: string) => `'${value.replaceAll("'", "''")}'`;

/** Writes the conditions that have values. */
export function writeFilter(conditions: readonly Condition[]): string {
  return conditions
    .filter((c) => c.dimension !== '' && c.values.length > 0)
    .map(({ dimension, operator, values }) => {
      if (values.length > 1 && (operator === 'is' || operator === 'not')) return `${dimension} ${operator === 'not' ? 'not ' : ''}in (${values.map(quote).join(', ')})`;
      return values.map((v) => `${dimension} ${written[operator]} ${quote(v)}`).join(' or ');
    })
    .join(' and ');
}

type Token = { kind: 'text'; value: string } | { kind: 'word'; value: string } | { kind: 'sign'; value: string };

function tokens(text: string): Token[] | undefined {
  const out: Token[] = [];
  const pattern = /\s*(?:'((?:[^']|'')*)'|([A-Za-z_][\w.]*)|([(),]))/y;
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const found = pattern.exec(text);
    if (found === null) return undefined;
    const [, value, word, sign] = found;
    if (value !== undefined) out.push({ kind: 'text', value: value.replaceAll("''", "'") });
    else if (word !== undefined) out.push({ kind: 'word', value: word });
    else out.push({ kind: 'sign', value: sign ?? '' });
  }
  return out;
}

/** Reads a filter. What is no list of conditions, such as one with brackets around others, is left to be written as text: undefined. */
export function parseFilter(text: string): Condition[] | undefined {
  const list = tokens(text);
  if (list === undefined) return undefined;
  let at = 0;
  const word = () => {
    const token = list[at];
    if (token?.kind !== 'word') return undefined;
    at++;
    return token.value;
  };
  const keyword = (wanted: string) => {
    const token = list[at];
    if (token?.kind !== 'word' || token.value.toLowerCase() !== wanted) return false;
    at++;
    return true;
  };
  const sign = (wanted: string) => {
    if (list[at]?.kind !== 'sign' || list[at]?.value !== wanted) return false;
    at++;
    return true;
  };
  const value = () => {
    const token = list[at];
    if (token?.kind !== 'text') return undefined;
    at++;
    return token.value;
  };
  const term = (): Condition | undefined => {
    const dimension = word();
    if (dimension === undefined) return undefined;
    const not = keyword('not');
    if (keyword('in')) {
      if (!sign('(')) return undefined;
      const values: string[] = [];
      do {
        const one = value();
        if (one === undefined) return undefined;
        values.push(one);
      } while (sign(','));
      return sign(')') ? { dimension, operator: not ? 'not' : 'is', values } : undefined;
    }
    const operator = words[(word() ?? '').toLowerCase()];
    const one = value();
    return operator === undefined || one === undefined || not ? undefined : { dimension, operator, values: [one] };
  };
  const conditions: Condition[] = [];
  if (list.length === 0) return conditions;
  do {
    const first = term();
    if (first === undefined) return undefined;
    while (keyword('or')) {
      const next = term();
      // Only what may be said as "one of" is one condition; "is not a or is not b" always holds and is no list.
      if (next === undefined || next.operator !== first.operator || next.dimension.toLowerCase() !== first.dimension.toLowerCase() || first.operator === 'not') return undefined;
      first.values.push(...next.values);
    }
    conditions.push(first);
  } while (keyword('and'));
  return at === list.length ? conditions : undefined;
}
