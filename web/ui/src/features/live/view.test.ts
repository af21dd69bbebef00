import { expect, it } from 'vitest';
import { Problem } from '@/api/problem';
import { parseLiveView } from './view';
import { endWords, problemWords } from './words';

const usual = { scope: '*', filter: '', least: '', length: 120_000, over: 10_000, split: 'none', percentile: 'p95' };

it.each([
  ['', usual],
  ['scope=chat&filter=path+sw+%27/v1%27&min_duration=500ms', { ...usual, scope: 'chat', filter: "path sw '/v1'", least: '500ms' }],
  ['show=5m&over=1s&split=children&percentile=p50', { ...usual, length: 300_000, over: 1000, split: 'children', percentile: 'p50' }],
  ['show=7m&over=x&split=colours&percentile=p0', usual],
])('reads %s', (text, want) => {
  expect(parseLiveView(new URLSearchParams(text))).toEqual(want);
});

it('says limits and ends in words', () => {
  expect(problemWords(new Problem(503, 'Server is busy', 'there are 100 watchers already, as many as live.max_watchers allows'))).toMatch(/as many people/i);
  expect(problemWords(new Problem(503, 'Server is busy', 'there are 8 different filters already, as many as live.max_filters allows'))).toMatch(/without a filter it works/i);
  expect(problemWords(new Problem(400, 'Bad parameter', 'filter: no'))).toBe('filter: no');
  expect(endWords('the server stops')).toMatch(/as soon as it is back/);
  expect(endWords('')).toMatch(/without a reason/);
  expect(endWords('tired')).toMatch(/: tired\./);
});
