/** Variables of dashboards: what they may be, what the URL says they are, and texts in which they are replaced, as the server does it. */

import type { ChartSpec } from './chartspec';
import type { Dashboard, Tile, Variable } from './dashboard';
import { levels, scopeParts } from './scope';

export const any = '*';

export type Values = Readonly<Record<string, string>>;

/** A scope with those below it. */
export interface ScopeNode {
  scope: string;
  name: string;
  children?: readonly ScopeNode[] | undefined;
}

const prefix = 'var-';

/** What variables stand for: what the URL says, else their defaults. */
export function valuesOf(variables: readonly Variable[], params: URLSearchParams): Values {
  return Object.fromEntries(variables.map((v) => [v.name, params.get(prefix + v.name) ?? v.default]));
}

/**
 * The parameters of the URL for a variable that got another value; null removes one. What the value narrows goes back to its default,
 * for it may be something that is not there now.
 */
export function chosen(variables: readonly Variable[], name: string, value: string): Record<string, string | null> {
  const out: Record<string, string | null> = {};
  for (const v of variables) {
    if (v.name === name) out[prefix + name] = value === v.default ? null : value;
    else if (v.of !== '' && `${prefix}${v.of}` in out) out[prefix + v.name] = null;
  }
  return out;
}

/** The names that a variable may have besides all, out of the tree of scopes; none for a text, which has its options. */
export function choicesOf(variables: readonly Variable[], variable: Variable, values: Values, tree: readonly ScopeNode[]): string[] {
  if (variable.kind === 'text') return variable.options;
  const depth = levels.indexOf(variable.kind);
  const above = aboveOf(variables, variable, values);
  const found = new Set<string>();
  const walk = (nodes: readonly ScopeNode[], at: number) => {
    for (const node of nodes) {
      if (at === depth) found.add(node.name);
      else if ((above[at] ?? any) === any || above[at] === node.name) walk(node.children ?? [], at + 1);
    }
  };
  walk(tree, 0);
  return [...found].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** The values of the levels above a variable, as far as it is narrowed by them. */
function aboveOf(variables: readonly Variable[], variable: Variable, values: Values): (string | undefined)[] {
  const out: (string | undefined)[] = [];
  let next = variables.find((v) => v.name === variable.of);
  for (let i = 0; next !== undefined && i < variables.length; i++) {
    const { kind, name, of } = next;
    if (kind !== 'text') out[levels.indexOf(kind)] = values[name];
    next = variables.find((v) => v.name === of);
  }
  return out;
}

const reference = /\$(?:\$|([A-Za-z][A-Za-z0-9_]*)|\{([A-Za-z][A-Za-z0-9_]*)\})/g;

/** Replaces what dollar signs begin. What `value` does not know stays as it is. */
function replace(text: string, value: (name: string, before: string) => string | undefined): string {
  return text.replace(reference, (whole: string, bare: string | undefined, braced: string | undefined, at: number) => {
    const name = bare ?? braced;
    return name === undefined ? '$' : (value(name, text.slice(0, at)) ?? whole);
  });
}

/** Replaces variables in a text that is in no language: a scope, a unit, a title. */
export function plain(text: string, values: Values): string {
  return replace(text, (name) => values[name]);
}

/** Replaces variables in a filter, where a quote in a text is written twice. */
export function inFilter(text: string, values: Values): string {
  return replace(text, (name) => values[name]?.replaceAll("'", "''"));
}

const escapes: Record<string, string> = { '\\': '\\\\', '"': '\\"', "'": "\\'", '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const literal = (value: string) => value.replace(/[\\"'\n\r\t]/g, (c) => escapes[c] ?? c);

/** Replaces variables in KQL, where a value stands inside of a literal. `$left` and `$right` are words of the language. */
export function inKQL(text: string, values: Values): string {
  return replace(text, (name) => {
    const value = values[name];
    return value === undefined || name === 'left' || name === 'right' ? undefined : literal(value);
  });
}

const regexMatcher = /[=!]~\s*(?:"(?:[^"\\]|\\.)*|'(?:[^'\\]|\\.)*|`[^`]*)$/;

/** Replaces variables in PromQL, where a value stands inside of a literal. In a matcher with =~ it stands for itself, and `*` for anything. */
export function inPromQL(text: string, values: Values): string {
  return replace(text, (name, before) => {
    const value = values[name];
    if (value === undefined) return undefined;
    if (!regexMatcher.test(before)) return literal(value);
    return value === any ? '.*' : literal(value.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&'));
  });
}

function expandSpec(spec: ChartSpec, values: Values): ChartSpec {
  return {
    ...spec,
    scopes: spec.scopes.map((s) => plain(s, values)),
    promql: spec.promql.map((q) => inPromQL(q, values)),
    filter: inFilter(spec.filter, values),
    unit: plain(spec.unit, values),
  };
}

/** A tile with its variables replaced. */
export function expandTile(tile: Tile, values: Values): Tile {
  const words = { title: plain(tile.title, values), description: plain(tile.description, values) };
  if (tile.kind === 'chart') return { ...tile, ...words, chart: expandSpec(tile.chart, values) };
  if (tile.kind === 'logs') return { ...tile, ...words, logs: { query: inKQL(tile.logs.query, values), scopes: tile.logs.scopes.map((s) => plain(s, values)) } };
  // A star would be read as Markdown.
  const inText = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value === any ? 'all' : value]));
  return { ...tile, ...words, text: plain(tile.text, inText) };
}

/** Names of variables that stand in a text. */
export function referencesIn(text: string): string[] {
  const names: string[] = [];
  replace(text, (name) => {
    names.push(name);
    return '';
  });
  return names;
}

/** The scope that the logs are asked for, which know no patterns; empty for all. */
export function logScope(scopes: readonly string[]): { scope: string } | { problem: string } {
  const wanted = scopes.map((s) => scopeParts(s.replace(/(\/?\*)+$/, '')).join('/'));
  const wide = wanted.length === 0 || wanted.includes('') ? [''] : [...new Set(wanted)];
  const [scope = '', ...more] = wide;
  if (more.length > 0) return { problem: `Logs are of one scope or of all: ${scopes.join(', ')} are several.` };
  if (scope.includes('*')) return { problem: `Logs are of an endpoint, a deployment or an instance: ${scopes.join(', ')} is none of these. Choose an endpoint, or narrow by where in the query.` };
  return { scope };
}

/** Whether a variable is used by any tile, for whoever wants to remove it. */
export function isUsed(dashboard: Dashboard, name: string): boolean {
  return dashboard.tiles.some((t) => referencesIn(JSON.stringify(t)).includes(name));
}
