/** Is the other one worse? In a sentence, from figures. */

import type { StatusKind } from '@/components/Status';
import { formatDifference, formatRelative, type FigureRow } from './figures';

export interface Verdict {
  kind: StatusKind;
  text: string;
}

/** The fewest requests of a scope from which anything is said of it. */
export const fewest = 200;

/** What the sentence is about; the rest is in the table. */
const judged = ['ErrorRatio', 'RequestLatency_P99'];
const said: Readonly<Record<string, string>> = { ErrorRatio: 'Errors', RequestLatency_P99: 'P99' };

/** A sentence for a scope against the first. `requests` are how many each had. */
export function verdictOf(names: readonly string[], rows: readonly FigureRow[], requests: readonly (number | null)[], i: number): Verdict {
  const [first = '', name = ''] = [names[0], names[i]];
  const few = [0, i].filter((n) => (requests[n] ?? 0) < fewest).map((n) => names[n] ?? '');
  if (few.length > 0) {
    const had = few.map((n) => `${n} had ${requests[names.indexOf(n)] ?? 0}`).join(', ');
    return { kind: 'none', text: `Too few requests to say how ${name} compares with ${first}: ${had}; it takes ${fewest} each.` };
  }
  const parts = { worse: [] as string[], better: [] as string[] };
  for (const row of rows) {
    const difference = row.cells[i]?.difference;
    if (!judged.includes(row.kind.metric) || difference?.verdict === undefined) continue;
    parts[difference.verdict].push(`${row.kind.label.replace('Latency ', '').replace('Errors', 'errors')} ${formatDifference(difference.absolute, row.kind.unit)} (${formatRelative(difference.relative)})`);
  }
  const [worse, better] = [parts.worse.join(', '), parts.better.join(', ')];
  const unknown = judged.filter((metric) => rows.find((r) => r.kind.metric === metric)?.cells[i]?.difference == null).map((metric) => said[metric] ?? metric);
  if (unknown.length > 0 && worse === '') return { kind: 'none', text: `${unknown.join(' and ')} of ${name} or ${first} could not be told${better === '' ? '' : `; better: ${better}`}.` };
  if (worse === '' && better === '') return { kind: 'ok', text: `${name} is like ${first}: errors and P99 differ by less than a tenth, or by too little to matter.` };
  if (worse === '') return { kind: 'ok', text: `${name} is better than ${first}: ${better}.` };
  return { kind: 'warning', text: `${name} is worse than ${first}: ${worse}${better === '' ? '' : `; but better: ${better}`}.` };
}
