import { describe, expect, it } from 'vitest';
import type { MetricDefinition } from '@/api/types';
import { byCategory, choiceOf, choicesFor, commonDimensions, levelsOf, searchChoices } from './definitions';

const definition = (name: string, levels: MetricDefinition['levels'], dimensions: string[], aggregations = ['Average', 'Total']): MetricDefinition =>
  ({ name, display_name: `The ${name}`, description: `What ${name} counts.`, category: name === 'Cpu' ? 'Resource' : 'Traffic', azure: false, unit: 'Count', levels, aggregations, primary_aggregation: 'Average', dimensions });

const all = [
  definition('Requests', ['endpoint'], ['deployment', 'instanceId']),
  definition('Requests', ['deployment', 'instance'], ['instanceId'], ['Average']),
  definition('Cpu', ['deployment', 'instance'], ['instanceId']),
];

it('knows the levels of scopes', () => {
  expect([levelsOf([]), levelsOf(['*', 'a/b', 'c/*']), levelsOf(['a/*/*'])]).toEqual([['endpoint'], ['endpoint', 'deployment'], ['instance']]);
});

describe('choicesFor', () => {
  it.each([
    [['endpoint'] as const, [['Requests', ['deployment', 'instanceId'], ['Average', 'Total']]]],
    [['instance'] as const, [['Requests', ['instanceId'], ['Average']], ['Cpu', ['instanceId'], ['Average', 'Total']]]],
    [['endpoint', 'instance'] as const, [['Requests', ['instanceId'], ['Average']]]],
  ])('%j', (levels, want) => {
    expect(choicesFor(all, levels).map((c) => [c.name, c.dimensions, c.aggregations])).toEqual(want);
  });
});

it('searches in names first, then in descriptions', () => {
  const choices = choicesFor(all, ['instance']);
  expect(searchChoices(choices, 'cpu').map((c) => c.name)).toEqual(['Cpu']);
  expect(searchChoices(choices, 'counts what').map((c) => c.name)).toEqual(['Requests', 'Cpu']);
  expect(searchChoices(choices, 'nothing')).toEqual([]);
  expect(byCategory(choices).map(([name]) => name)).toEqual(['Traffic', 'Resource']);
});

it('finds a metric in any case, and what metrics have in common', () => {
  const choices = choicesFor(all, ['endpoint', 'instance']);
  expect(choiceOf(choices, 'requests')?.name).toBe('Requests');
  expect(commonDimensions([choiceOf(choices, 'Requests'), undefined])).toEqual(['instanceId']);
  expect(commonDimensions([])).toEqual([]);
});
