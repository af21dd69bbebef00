import { describe, expect, it } from 'vitest';
import { emptyProm, emptyPromRule, missingOfProm, promOfLink, promOfRule, ruleOfProm } from './draft';

const document = {
  name: 'errors',
  kind: 'prometheus',
  description: 'Too many errors.',
  enabled: false,
  labels: { team: 'ml' },
  actions: [{ actionGroupId: 'oncall', webHookProperties: { a: 'b' } }],
  group: {
    name: 'mine',
    interval: '30s',
    limit: 5,
    rules: [
      { alert: 'Errors', expr: 'errors > 1', for: '5m', keep_firing_for: '1m', labels: { severity: 'page' }, annotations: { summary: 'oh' } },
      { record: 'errors:rate', expr: 'rate(errors[5m])', labels: { a: 'b' } },
    ],
  },
};

describe('a document', () => {
  it('is the same after it was in the form, without what the server added', () => {
    expect(ruleOfProm(promOfRule({ ...document, etag: '"1"', version: 3 }))).toEqual(document);
  });

  it('keeps what a group is sent only with the group', () => {
    expect(ruleOfProm({ ...promOfRule(document), groups: ['other'] }).actions).toEqual([{ actionGroupId: 'other' }]);
  });

  it('leaves out what is empty, and names its group', () => {
    expect(ruleOfProm({ ...emptyProm, name: 'x', interval: '', rules: [{ ...emptyPromRule, name: 'A', expr: 'up == 0' }] })).toEqual({
      name: 'x',
      kind: 'prometheus',
      enabled: true,
      group: { name: 'x', rules: [{ alert: 'A', expr: 'up == 0', labels: { severity: 'warning' } }] },
      actions: [],
    });
  });
});

it.each([
  ['', ['an expression', 'the name of each alert']],
  ['query=up+%3D%3D+0', ['the name of each alert']],
])('a link with %j lacks %j', (link, want) => expect(missingOfProm(promOfLink(new URLSearchParams(link)))).toEqual(want));

it('has nothing to fire where all of it records', () => {
  const draft = promOfRule({ ...document, group: { ...document.group, rules: [document.group.rules[1]] } });
  expect(missingOfProm(draft)).toHaveLength(1);
  expect(missingOfProm({ ...draft, rules: [] })).toEqual(['a rule']);
});
