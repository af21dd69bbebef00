import { expect, it } from 'vitest';
import { matchersError, matchersOf, matcherText, operatorOf, withOperator, type Matcher } from './matchers';

const matcher = (name: string, value: string, part: Partial<Matcher> = {}): Matcher => ({ name, value, isRegex: false, isEqual: true, ...part });

it.each(['=', '!=', '=~', '!~'] as const)('knows %s', (operator) => {
  expect(operatorOf(withOperator(matcher('a', 'b'), operator))).toBe(operator);
  expect(matcherText(withOperator(matcher('a', 'b"'), operator))).toBe(`a${operator}"b\\""`);
});

it('makes matchers of labels, without those that only route', () => {
  expect(matchersOf({ alertname: 'slow', instance: 'i', severity: 'warning', alert_id: '1', action_groups: ',x,' }).map(matcherText)).toEqual(['alertname="slow"', 'instance="i"']);
});

it.each([
  [[matcher('a', 'b')], undefined],
  [[matcher('', 'b')], 'each matcher needs a label'],
  [[], 'at least one matcher must not fit an absent label'],
  [[matcher('a', '.*', { isRegex: true })], 'at least one matcher must not fit an absent label'],
  [[matcher('a', 'x', { isEqual: false })], 'at least one matcher must not fit an absent label'],
  [[matcher('a', '(', { isRegex: true })], '( is no regular expression'],
  [[matcher('a', 'x|y', { isRegex: true })], undefined],
])('%j: %s', (matchers, want) => {
  expect(matchersError(matchers)).toBe(want);
});
