import { describe, expect, it } from 'vitest';
import { coveredBy, isOn, packChanges, parameterError } from './changes';

const rules = [
  { id: 'a', enabledFor: [{ scope: 'fraud', rule: 'a~fraud', enabled: true, parameters: { ratio: 0.2, requests: 50 }, actionGroups: ['day'] }], parameters: [{ name: 'ratio', min: 0, max: 1 }] },
  { id: 'b', enabledFor: [] },
  { id: 'c', enabledFor: [{ scope: '*' }] },
];

describe('packChanges', () => {
  it.each([
    ['nothing chosen', {}, {}, { on: [], off: [], parameters: {} }],
    ['one more, one less', { a: false, b: true }, {}, { on: [{ rules: ['b'], actionGroups: ['oncall'] }], off: ['a'], parameters: {} }],
    ['what is on is chosen', { a: true }, {}, { on: [], off: [], parameters: {} }],
    ['a parameter of what is on', {}, { a: { ratio: '0.1' } }, { on: [{ rules: ['a'], actionGroups: ['day'] }], off: [], parameters: { a: { ratio: 0.1, requests: 50 } } }],
    ['new ones together, what is on by itself', { b: true, c: true }, { a: { ratio: '0.1' } }, { on: [{ rules: ['a'], actionGroups: ['day'] }, { rules: ['b', 'c'], actionGroups: ['oncall'] }], off: [], parameters: { a: { ratio: 0.1, requests: 50 } } }],
    ['a parameter of what is off', {}, { b: { x: '1' } }, { on: [], off: [], parameters: {} }],
    ['a parameter that was emptied', {}, { a: { ratio: ' ' } }, { on: [], off: [], parameters: {} }],
  ])('%s', (_, wanted, parameters, want) => {
    expect(packChanges(rules, 'fraud', { wanted: wanted, parameters: parameters }, ['oncall'])).toEqual(want);
  });
});

it('knows what is on here, and what is on above', () => {
  expect(rules.map((r) => isOn(r, 'fraud'))).toEqual([true, false, false]);
  expect(rules.map((r) => coveredBy(r, 'fraud/blue'))).toEqual(['fraud', undefined, '*']);
});

it.each([
  ['0.5', undefined],
  ['', undefined],
  ['2', 'must be 0 to 1'],
  ['x', 'must be a number'],
])('%j: %s', (typed, want) => {
  expect(parameterError({ min: 0, max: 1 }, typed)).toBe(want);
});
