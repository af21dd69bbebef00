import { describe, expect, it } from 'vitest';
import { narrowed } from './narrow';

describe('narrowed', () => {
  it.each([
    ['string', 'Name', 'a "b"', true, 'Name == "a \\"b\\""'],
    ['int', 'Code', 500, false, 'Code != 500'],
    ['real', 'X', 'NaN', true, 'X == real(NaN)'],
    ['datetime', 'At', '2026-01-01T00:00:00Z', true, 'At == datetime(2026-01-01T00:00:00Z)'],
    ['timespan', 'T', '00:05:00', true, 'T == timespan(00:05:00)'],
    ['bool', 'B', true, true, 'B == true'],
    ['dynamic', 'P', '{"a":1}', true, 'tostring(P) == "{\\"a\\":1}"'],
    ['string', 'P.Model', 'm', true, 'tostring(P["Model"]) == "m"'],
    ['real', 'P.Tokens', 5, true, 'todouble(P["Tokens"]) == 5'],
    ['bool', 'P.Streaming', false, false, 'tobool(P["Streaming"]) != false'],
    ['string', 'odd name', 'x', true, '["odd name"] == "x"'],
    ['int', 'Code', null, true, 'isnull(Code)'],
  ] as const)('%s %s %j', (type, name, cell, keep, want) => expect(narrowed('T', { name, type }, cell, keep)).toBe(`T\n| where ${want}`));

  it('keeps the render last', () => {
    const column = { name: 'A', type: 'int' };
    expect(narrowed('T\n| count\n| render timechart with (title = "x")', column, 1, true)).toBe('T\n| count\n| where A == 1\n| render timechart with (title = "x")');
    expect(narrowed('T | take 5 | render table;\n', column, 1, true)).toBe('T | take 5\n| where A == 1\n| render table');
  });
});
