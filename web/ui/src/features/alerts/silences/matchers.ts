/** Matchers of silences, in Alertmanager's words: instance="blue-7", team=~"a|b". */

export interface Matcher {
  name: string;
  value: string;
  isRegex: boolean;
  isEqual: boolean;
}

const operators = { '=': [false, true], '!=': [false, false], '=~': [true, true], '!~': [true, false] } as const;

export type MatcherOperator = keyof typeof operators;

export const matcherOperators = Object.keys(operators) as MatcherOperator[];

export function operatorOf(m: Matcher): MatcherOperator {
  return m.isRegex ? (m.isEqual ? '=~' : '!~') : m.isEqual ? '=' : '!=';
}

export function withOperator(m: Matcher, operator: MatcherOperator): Matcher {
  const [isRegex, isEqual] = operators[operator];
  return { ...m, isRegex, isEqual };
}

export function matcherText(m: Matcher): string {
  return `${m.name}${operatorOf(m)}${JSON.stringify(m.value)}`;
}

const routing = ['action_groups', 'alert_id', 'severity'];

/** The matchers that fit an alert's labels and others like it: what routes it, and how bad it is, is left out. */
export function matchersOf(labels: Record<string, string> | undefined): Matcher[] {
  return Object.entries(labels ?? {})
    .filter(([name]) => !routing.includes(name))
    .map(([name, value]) => ({ name, value, isRegex: false, isEqual: true }));
}

/** What is wrong with the matchers of a silence, in words; Alertmanager takes none that fits everything. */
export function matchersError(matchers: readonly Matcher[]): string | undefined {
  if (matchers.some((m) => m.name.trim() === '')) return 'each matcher needs a label';
  for (const m of matchers) {
    if (!m.isRegex) continue;
    try {
      new RegExp(m.value);
    } catch {
      return `${m.value} is no regular expression`;
    }
  }
  return matchers.some((m) => m.isEqual && m.value !== '' && !(m.isRegex && new RegExp(`^(?:${m.value})$`).test(''))) ? undefined : 'at least one matcher must not fit an absent label';
}
