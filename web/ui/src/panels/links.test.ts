import { expect, it } from 'vitest';
import { emptySpec } from '@/lib/chartspec';
import { exploreLink, logsLink, promRuleLink, ruleLink, sharedLink } from './links';

const spec = { ...emptySpec, scopes: ['a/b/*', 'c'], metrics: [{ name: 'M', aggregation: '' }, { name: 'N', aggregation: 'Total' }], filter: "x eq 'y'", split: ['x'], top: 5 };
const search = new URLSearchParams('last=4h&compare=1d&other=1');
const span = { start: 0, end: 3_600_000 };

it('opens the explorer at the time of the page', () => {
  expect(exploreLink(search, spec)).toBe("/explore?last=4h&compare=1d&scope=a%2Fb%2F*&scope=c&metric=M&metric=N%3ATotal&filter=x+eq+%27y%27&split=x&top=5");
});

it('shares a fixed time', () => {
  expect(sharedLink(search, { ...emptySpec, promql: ['up'] }, span)).toBe('/explore?compare=1d&start=1970-01-01T00%3A00%3A00Z&end=1970-01-01T01%3A00%3A00Z&query=up');
});

it('finds the logs of what is above a *', () => {
  expect(logsLink(search, spec, span)).toBe('/logs?start=1970-01-01T00%3A00%3A00Z&end=1970-01-01T01%3A00%3A00Z&scope=a%2Fb');
  expect(logsLink(search, { ...spec, scopes: ['*'] }, span)).not.toContain('scope');
});

it('makes a rule of one metric', () => {
  expect(ruleLink(search, spec, 1)).toBe('/alerts/rules/new?last=4h&compare=1d&scope=a%2Fb%2F*&metric=N&aggregation=Total&filter=x+eq+%27y%27&split=x');
});

it('makes a rule of expressions', () => {
  expect(promRuleLink(new URLSearchParams('last=4h'), { ...emptySpec, promql: ['up == 0', 'x'] })).toBe('/alerts/rules/new?last=4h&kind=prometheus&query=up+%3D%3D+0&query=x');
});
