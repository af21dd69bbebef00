import { describe, expect, it } from 'vitest';
import { parseFilter, writeFilter, type Condition } from './filter';

const c = (dimension: string, operator: Condition['operator'], ...values: string[]): Condition => ({ dimension, operator, values });

describe('parseFilter', () => {
  it.each<[string, Condition[] | undefined]>([
    ['', []],
    ["deployment eq 'blue'", [c('deployment', 'is', 'blue')]],
    ["a eq 'x' or A eq 'y' and b ne 'z'", [c('a', 'is', 'x', 'y'), c('b', 'not', 'z')]],
    ["a IN ('x','y') and b not in ( 'z' )", [c('a', 'is', 'x', 'y'), c('b', 'not', 'z')]],
    ["a sw 'x' or a sw 'y'", [c('a', 'starts', 'x', 'y')]],
    ["a eq 'it''s'", [c('a', 'is', "it's")]],
    ["modelStatusCode eq ''", [c('modelStatusCode', 'is', '')]],
    ["(a eq 'x' and b eq 'y')", undefined],
    ["a ne 'x' or a ne 'y'", undefined],
    ["a eq 'x' or b eq 'y'", undefined],
    ['a eq x', undefined],
    ["a eq 'x' and", undefined],
    ["a eq 'x' b eq 'y'", undefined],
    ["a eq 'x", undefined],
  ])('%s', (text, want) => {
    expect(parseFilter(text)).toEqual(want);
  });
});

it('writes what it reads', () => {
  for (const conditions of [[c('a', 'is', "it's")], [c('a', 'not', 'x', 'y'), c('b', 'matches', '^x.*$', 'y')], [c('a', 'contains', '')]]) {
    expect(parseFilter(writeFilter(conditions))).toEqual(conditions);
  }
});

it('leaves out what is not finished', () => {
  expect(writeFilter([c('a', 'is'), c('', 'is', 'x'), c('b', 'is', 'y')])).toBe("b eq 'y'");
});
