import { expect, it } from 'vitest';
import { parseLogsView } from './view';

const parse = (text: string) => parseLogsView(new URLSearchParams(text));

it('is empty by default', () => {
  expect(parse('')).toEqual({ query: '', scope: '', bound: true, table: 0, shown: undefined, chart: '', sort: undefined, find: '', filters: {}, columns: undefined, expanded: [] });
});

it('reads what a shared link has', () => {
  expect(parse('query=T+%7C+count&scope=fraud%2Fblue&time=query&result=1&show=chart&chart=piechart&sort=-Ms&find=x&where=A:%3E5&where=B:a:b&column=A&column=B&expand=P')).toEqual({
    query: 'T | count',
    scope: 'fraud/blue',
    bound: false,
    table: 1,
    shown: 'chart',
    chart: 'piechart',
    sort: { column: 'Ms', descending: true },
    find: 'x',
    filters: { A: '>5', B: 'a:b' },
    columns: ['A', 'B'],
    expanded: ['P'],
  });
});

it('opens in spite of what is mistyped', () => expect(parse('result=x&show=maybe&where=nothing')).toMatchObject({ table: 0, shown: undefined, filters: {} }));
