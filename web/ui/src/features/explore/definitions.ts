/** Which metrics a chart may have: those that every one of its scopes has, with what all of them allow. */

import type { MetricDefinition } from '@/api/types';
import { levelOf, type Level } from '@/lib/scope';
import { unitOf } from '@/lib/units';

/** What can be asked of a metric at all levels of a chart's scopes. */
export interface Choice {
  name: string;
  displayName: string;
  description: string;
  category: string;
  unit: string;
  aggregations: string[];
  dimensions: string[];
}

/** The levels that scopes are of; those of endpoints where there are none. */
export function levelsOf(scopes: readonly string[]): Level[] {
  return scopes.length === 0 ? ['endpoint'] : [...new Set(scopes.map(levelOf))];
}

export function choicesFor(definitions: readonly MetricDefinition[], levels: readonly Level[]): Choice[] {
  const names = [...new Set(definitions.map((d) => d.name))];
  return names.flatMap((name) => {
    const rows = levels.map((level) => definitions.find((d) => d.name === name && d.levels.includes(level)));
    const [first] = rows;
    if (first === undefined || rows.includes(undefined)) return [];
    const common = (of: (d: MetricDefinition) => readonly string[]) => of(first).filter((v) => rows.every((r) => r !== undefined && of(r).includes(v)));
    return [
      {
        name,
        displayName: first.display_name,
        description: first.description,
        category: first.category,
        unit: unitOf(name, first.unit, first.primary_aggregation),
        aggregations: common((d) => d.aggregations),
        dimensions: common((d) => d.dimensions),
      },
    ];
  });
}

/** The metric of a name in any case. */
export function choiceOf(choices: readonly Choice[], name: string): Choice | undefined {
  return choices.find((c) => c.name.toLowerCase() === name.toLowerCase());
}

/** Those in which every word of a search is found, those with it in their name first. */
export function searchChoices(choices: readonly Choice[], search: string): Choice[] {
  const words = search.toLowerCase().split(/\s+/).filter((w) => w !== '');
  if (words.length === 0) return [...choices];
  const title = (c: Choice) => `${c.name} ${c.displayName}`.toLowerCase();
  const all = (c: Choice) => `${title(c)} ${c.description} ${c.unit} ${c.category}`.toLowerCase();
  const found = choices.filter((c) => words.every((w) => all(c).includes(w)));
  const inName = (c: Choice) => words.every((w) => title(c).includes(w));
  return [...found.filter(inName), ...found.filter((c) => !inName(c))];
}

/** Metrics by category, in the order in which these come. */
export function byCategory(choices: readonly Choice[]): [string, Choice[]][] {
  const groups = new Map<string, Choice[]>();
  for (const c of choices) groups.set(c.category, [...(groups.get(c.category) ?? []), c]);
  return [...groups];
}

/** Dimensions that all of some metrics have. */
export function commonDimensions(metrics: readonly (Choice | undefined)[]): string[] {
  const known = metrics.filter((m) => m !== undefined);
  const [first, ...rest] = known;
  return first === undefined ? [] : first.dimensions.filter((d) => rest.every((m) => m.dimensions.includes(d)));
}
