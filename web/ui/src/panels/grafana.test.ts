import { expect, it } from 'vitest';
import { grafanaLink } from './grafana';

const span = { start: 1000, end: 61_000 };

function read(link: string) {
  const url = new URL(link);
  return { at: url.origin + url.pathname, pane: (JSON.parse(url.searchParams.get('panes') ?? '') as Record<string, unknown>).endscope };
}

it('has the expressions, their step and the time', () => {
  expect(read(grafanaLink({ url: 'https://g.example/sub/', datasource: '' }, ['up', 'x{a="b"}'], '1m', span))).toEqual({
    at: 'https://g.example/sub/explore',
    pane: {
      queries: [
        { refId: 'A', expr: 'up', range: true, interval: '1m' },
        { refId: 'B', expr: 'x{a="b"}', range: true, interval: '1m' },
      ],
      range: { from: '1000', to: '61000' },
    },
  });
});

it('names the data source', () => {
  const source = { type: 'prometheus', uid: 'P1' };
  expect(read(grafanaLink({ url: 'https://g.example', datasource: 'P1' }, ['up'], '', span)).pane).toMatchObject({ datasource: 'P1', queries: [{ datasource: source }] });
});
