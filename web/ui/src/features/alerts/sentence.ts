/** What an alert saw, in words with units. */

import type { Alert, AlertDetail, MetricDefinition } from '@/api/types';
import { levels, scopeParts } from '@/lib/scope';
import { formatPrecise, formatValue, unitOf, type Unit } from '@/lib/units';
import type { AlertValue } from './types';

/** The definition of a metric at the level of a scope, in which names may be *. */
export function definitionAt(definitions: readonly MetricDefinition[], name: string | undefined, scope: string | undefined): MetricDefinition | undefined {
  const level = levels[scopeParts(scope ?? '').length - 1];
  const same = definitions.filter((d) => d.name.toLowerCase() === name?.toLowerCase());
  return same.find((d) => level !== undefined && d.levels.includes(level)) ?? same[0];
}

/** The unit in which a value of a criterion is read. Counts of samples have none. */
export function criterionUnit(definition: MetricDefinition | undefined, aggregation: string | undefined): Unit {
  if (definition === undefined || aggregation?.toLowerCase() === 'count') return 'Count';
  return unitOf(definition.name, definition.unit, aggregation);
}

const relations: Record<string, string> = {
  GreaterThan: 'above',
  GreaterThanOrEqual: 'at or above',
  LessThan: 'below',
  LessThanOrEqual: 'at or below',
  Equals: 'equal to',
  Equal: 'equal to',
  NotEquals: 'not equal to',
};

/** An operator as a word: above, at or below. */
export function relationOf(operator: string | undefined): string {
  return relations[operator ?? ''] ?? operator ?? '';
}

const aggregations: Record<string, string> = { Average: 'average', Minimum: 'smallest', Maximum: 'largest', Total: 'total', Count: 'number of' };

/** An aggregation as a word before a metric's name. */
export function aggregationWord(aggregation: string | undefined): string {
  return aggregations[aggregation ?? ''] ?? (aggregation ?? '').toLowerCase();
}

/** The bound that a value crossed: above 100 ms, outside of 10 to 20 ms. */
export function boundText(v: AlertValue, unit: Unit): string {
  if (v.threshold !== undefined) return `${relationOf(v.operator)} ${formatValue(v.threshold, unit)}`;
  const { lower, upper } = v;
  if (lower !== undefined && upper !== undefined) return `outside of the usual ${formatValue(lower, unit)} to ${formatValue(upper, unit)}`;
  if (upper !== undefined) return `above the usual ${formatValue(upper, unit)}`;
  if (lower !== undefined) return `below the usual ${formatValue(lower, unit)}`;
  return '';
}

/** What one criterion saw: "average Request Latency P90 was 186 ms, above 100 ms". Where it is over, the value is that of the check that said so. */
export function valueSentence(v: AlertValue, definitions: readonly MetricDefinition[], scope: string | undefined, over = false): string {
  const definition = definitionAt(definitions, v.metricName, scope);
  const unit = criterionUnit(definition, v.timeAggregation);
  const name = definition?.display_name ?? v.metricName ?? (v.query === undefined ? (v.criterion ?? 'the value') : 'the query’s result');
  const what = v.metricName === undefined ? name : `${aggregationWord(v.timeAggregation)} ${name}`;
  const when = over ? ' when it resolved' : '';
  if (v.value == null) return `${what} had no data${when}`;
  const bound = boundText(v, unit);
  if (over) return `${what} was ${formatValue(v.value, unit)}${when}${bound === '' ? '' : `; it fires ${bound}`}`;
  return `${what} was ${besideBound(v.value, v, unit)}${bound === '' ? '' : `, ${bound}`}`;
}

/** A value with the digits that it takes to see that it is not its bound. */
function besideBound(value: number, v: AlertValue, unit: Unit): string {
  const usual = formatValue(value, unit);
  const bounds = [v.threshold, v.lower, v.upper].filter((b) => b !== undefined);
  const same = bounds.some((b) => b !== value && formatValue(b, unit) === usual);
  return same ? formatPrecise(value, unit) || usual : usual;
}

/** What an alert saw at its last check, which may be the one that resolved it. Without values it is the server's summary. */
export function alertSentence(alert: Pick<Alert, 'values' | 'scope' | 'summary' | 'monitorCondition'>, definitions: readonly MetricDefinition[]): string {
  return sentenceOf(alert, definitions, alert.values, alert.monitorCondition === 'Resolved');
}

/** What an alert saw at the check that fired. */
export function firedSentence(alert: AlertDetail, definitions: readonly MetricDefinition[]): string {
  return alert.fired?.values === undefined ? alertSentence(alert, definitions) : sentenceOf(alert, definitions, alert.fired.values, false);
}

function sentenceOf(alert: Pick<Alert, 'scope' | 'summary'>, definitions: readonly MetricDefinition[], values: Alert['values'], over: boolean): string {
  if (values === undefined || values.length === 0) return alert.summary ?? '';
  const text = values.map((v) => valueSentence(v, definitions, alert.scope, over)).join('; ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Where an alert is, beside its scope: "gpu 0, statusCode 500". */
export function dimensionText(dimensions: Record<string, string> | undefined): string {
  return Object.entries(dimensions ?? {})
    .map(([name, value]) => `${name} ${value === '' ? '(none)' : value}`)
    .join(', ');
}
