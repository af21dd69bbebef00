import { describe, expect, test } from 'vitest';
import { readDashboard, type Variable } from './dashboard';
import { choicesOf, chosen, expandTile, inFilter, inKQL, inPromQL, isUsed, logScope, plain, valuesOf } from './dashboardVariables';

const variable = (name: string, kind: Variable['kind'], of = ''): Variable => ({ name, label: '', kind, of, options: kind === 'text' ? ['a', 'b'] : [], default: kind === 'text' ? 'a' : '*' });
const variables = [variable('endpoint', 'endpoint'), variable('deployment', 'deployment', 'endpoint'), variable('instance', 'instance', 'deployment'), variable('how', 'text')];
const tree = [
  { scope: 'fraud', name: 'fraud', children: [{ scope: 'fraud/blue', name: 'blue', children: [{ scope: 'fraud/blue/blue-10', name: 'blue-10' }, { scope: 'fraud/blue/blue-9', name: 'blue-9' }] }] },
  { scope: 'chat', name: 'chat', children: [{ scope: 'chat/green', name: 'green', children: [{ scope: 'chat/green/g-1', name: 'g-1' }] }] },
];

describe('values', () => {
  test('are those of the URL, else the defaults', () => {
    expect(valuesOf(variables, new URLSearchParams('var-endpoint=fraud&var-other=x'))).toEqual({ endpoint: 'fraud', deployment: '*', instance: '*', how: 'a' });
  });

  test('below one that changes go back to their defaults', () => {
    expect(chosen(variables, 'endpoint', 'fraud')).toEqual({ 'var-endpoint': 'fraud', 'var-deployment': null, 'var-instance': null });
    expect(chosen(variables, 'endpoint', '*')).toEqual({ 'var-endpoint': null, 'var-deployment': null, 'var-instance': null });
    expect(chosen(variables, 'how', 'b')).toEqual({ 'var-how': 'b' });
  });
});

describe('choices', () => {
  const f = (name: string, values: Record<string, string>) => {
    const one = variables.find((v) => v.name === name);
    return one === undefined ? [] : choicesOf(variables, one, { endpoint: '*', deployment: '*', ...values }, tree);
  };

  test('are what there is', () => {
    expect(f('endpoint', {})).toEqual(['chat', 'fraud']);
    expect(f('deployment', {})).toEqual(['blue', 'green']);
    expect(f('how', {})).toEqual(['a', 'b']);
  });

  test('are narrowed by the levels above', () => {
    expect(f('deployment', { endpoint: 'fraud' })).toEqual(['blue']);
    expect(f('instance', { endpoint: 'fraud' })).toEqual(['blue-9', 'blue-10']);
    expect(f('instance', { deployment: 'green' })).toEqual(['g-1']);
    expect(f('instance', { endpoint: 'fraud', deployment: 'green' })).toEqual([]);
  });
});

describe('texts', () => {
  const values = { endpoint: 'fraud', all: '*', odd: 'a"b\\c\'d', dotted: 'v1.2' };

  test('in no language', () => {
    expect(plain('$endpoint/*', values)).toBe('fraud/*');
    expect(plain('${endpoint}s cost $$5, $unknown, $', values)).toBe('frauds cost $5, $unknown, $');
  });

  test('in filters', () => expect(inFilter("ModelVersion eq '$odd'", values)).toBe("ModelVersion eq 'a\"b\\c''d'"));

  test('in KQL', () => {
    expect(inKQL('T | where A == "$odd"', values)).toBe('T | where A == "a\\"b\\\\c\\\'d"');
    expect(inKQL('T | join U on $left.a == $right.b', { left: 'x', right: 'y' })).toBe('T | join U on $left.a == $right.b');
  });

  test('in PromQL', () => {
    expect(inPromQL('up{endpoint=~"$all"}', values)).toBe('up{endpoint=~".*"}');
    expect(inPromQL('up{endpoint="$all"}', values)).toBe('up{endpoint="*"}');
    expect(inPromQL('up{v=~"$dotted|x"}', values)).toBe('up{v=~"v1\\\\.2|x"}');
    expect(inPromQL('up{v="$dotted",w=~"a"}', values)).toBe('up{v="v1.2",w=~"a"}');
  });
});

test('tiles are replaced in all that is asked', () => {
  const [tile] = readDashboard({ name: 'x', tiles: [{ id: 'a', kind: 'chart', title: 'Of $endpoint', x: 0, y: 0, w: 6, h: 4, chart: { scopes: ['$endpoint/*'], promql: ['up{endpoint=~"$endpoint"}'] } }] }).tiles;
  expect(tile).toBeDefined();
  if (tile === undefined) return;
  const out = expandTile(tile, { endpoint: '*' });
  expect(out.title).toBe('Of *');
  expect(out.kind === 'chart' && out.chart.scopes).toEqual(['*/*']);
  expect(out.kind === 'chart' && out.chart.promql).toEqual(['up{endpoint=~".*"}']);
  expect(isUsed(readDashboard({ name: 'x', tiles: [tile] }), 'endpoint')).toBe(true);
  expect(isUsed(readDashboard({ name: 'x', tiles: [tile] }), 'end')).toBe(false);
});

describe('the scope of logs', () => {
  const f = (scopes: string[]) => {
    const found = logScope(scopes);
    return 'scope' in found ? found.scope : 'refused';
  };

  test('is one or all', () => {
    expect(f([])).toBe('');
    expect(f(['*'])).toBe('');
    expect(f(['*/*'])).toBe('');
    expect(f(['fraud/*'])).toBe('fraud');
    expect(f(['fraud/blue', 'fraud/blue/*'])).toBe('fraud/blue');
    expect(f(['fraud', '*'])).toBe('');
  });

  test('is none of several, and no pattern', () => {
    expect(f(['fraud', 'chat'])).toBe('refused');
    expect(f(['*/blue'])).toBe('refused');
    expect(f(['fraud/*/blue-7'])).toBe('refused');
  });
});

test('in texts of tiles all is a word, for a star would be Markdown', () => {
  const [tile] = readDashboard({ name: 'x', tiles: [{ id: 'a', kind: 'text', x: 0, y: 0, w: 6, h: 4, text: 'Before **$endpoint** scales' }] }).tiles;
  if (tile?.kind !== 'text') throw new Error('no text');
  expect(expandTile(tile, { endpoint: '*' })).toMatchObject({ text: 'Before **all** scales' });
  expect(expandTile(tile, { endpoint: 'fraud' })).toMatchObject({ text: 'Before **fraud** scales' });
});
