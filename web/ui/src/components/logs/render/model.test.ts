import { describe, expect, it } from 'vitest';
import type { Span } from '@/lib/time';
import type { Cell, LogRender, LogTable } from '../answer';
import type { ChartName } from './chartkinds';
import { draw } from './model';

const render = (part: Partial<LogRender>): LogRender => ({ visualization: '', title: null, xColumn: null, yColumns: null, series: null, kind: null, xTitle: null, yTitle: null, ...part });
const table = (columns: Record<string, string>, ...rows: Cell[][]): LogTable => ({ name: 'T', columns: Object.entries(columns).map(([name, type]) => ({ name, type })), rows });
const drawn = (t: LogTable, chart: ChartName, r?: LogRender, query?: string, span?: Span) => draw(t, chart, r, span, true, query);

const at = (minute: number) => `2026-03-01T10:0${minute}:00Z`;
const ms = (minute: number) => Date.parse(at(minute));

describe('over time', () => {
  const byDeployment = table({ TimeGenerated: 'datetime', DeploymentName: 'string', count_: 'long' }, [at(3), 'blue', 5], [at(0), 'blue', 1], [at(0), 'green', 2], [at(1), 'green', 3]);

  const byMinute = 'T | summarize count() by bin(TimeGenerated, 1m), DeploymentName';

  it('has a series for each text, and gaps where rows lack', () => {
    const { drawing } = drawn(byDeployment, 'timechart', undefined, byMinute);
    if (drawing.kind !== 'time') throw new Error(drawing.kind);
    expect(drawing.data.times).toEqual([ms(0), ms(1), ms(2), ms(3)]);
    expect(drawing.data.interval).toBe(60_000);
    expect(drawing.data.series.map((s) => [s.label, s.values])).toEqual([
      ['blue', [1, null, null, 5]],
      ['green', [2, 3, null, null]],
    ]);
    expect(drawing.data.span).toEqual({ start: ms(0), end: ms(4) });
  });

  const sparse = table({ TimeGenerated: 'datetime', N: 'long' }, [at(2), 1], [at(7), 2]);

  it('takes the width of bins from the query, and not from the rows', () => {
    expect(drawn(sparse, 'timechart', undefined, byMinute).drawing).toMatchObject({ data: { times: [2, 3, 4, 5, 6, 7].map(ms), interval: 60_000, series: [{ values: [1, null, null, null, null, 2] }], span: { start: ms(2), end: ms(8) } } });
    expect(drawn(sparse, 'timechart').drawing).toMatchObject({ data: { times: [ms(2), ms(7)], interval: 0 } });
  });

  it('has times that are not on the grid of the bins stand for themselves', () => {
    const off = table({ TimeGenerated: 'datetime', N: 'long' }, [at(2), 1], ['2026-03-01T10:03:30Z', 2]);
    expect(drawn(off, 'timechart', undefined, byMinute).drawing).toMatchObject({ data: { interval: 0 } });
  });

  it('tells from where on bins are not over at the end of the time', () => {
    const until = (end: number) => drawn(sparse, 'timechart', undefined, byMinute, { start: ms(0), end }).drawing;
    expect(until(ms(7) + 20_000)).toMatchObject({ data: { partialFrom: ms(7) } });
    expect(until(ms(8))).toMatchObject({ data: { partialFrom: undefined } });
  });

  it.each([
    ['timechart', undefined, 'line'],
    ['areachart', undefined, 'area'],
    ['areachart', 'stacked', 'stack'],
    ['stackedareachart', undefined, 'stack'],
    ['scatterchart', undefined, 'scatter'],
    ['linechart', undefined, 'line'],
  ] as const)('%s of kind %s is drawn as %s', (chart, kind, want) => expect(drawn(byDeployment, chart, render(kind === undefined ? {} : { kind })).drawing).toMatchObject({ kind: 'time', chart: want }));

  it('names series by column where there are several, with the units of their names', () => {
    const { drawing } = drawn(table({ At: 'datetime', P95Ms: 'real', Requests: 'long' }, [at(0), 1, 2]), 'timechart');
    expect(drawing).toMatchObject({ data: { series: [{ label: 'P95Ms', unit: 'Milliseconds' }, { label: 'Requests', unit: '' }] } });
  });

  it('draws only the columns that the query names', () => {
    const { drawing } = drawn(table({ At: 'datetime', A: 'long', B: 'long', G: 'string' }, [at(0), 1, 2, 'x']), 'timechart', render({ yColumns: ['B'], series: ['G'] }));
    expect(drawing).toMatchObject({ data: { series: [{ label: 'x', values: [2] }] } });
  });

  it('takes the arrays of make-series apart', () => {
    const { drawing } = drawn(table({ G: 'string', Requests: 'dynamic', At: 'dynamic' }, ['x', '[1,2]', `["${at(0)}","${at(1)}"]`]), 'timechart');
    expect(drawing).toMatchObject({ kind: 'time', data: { times: [ms(0), ms(1)], series: [{ label: 'x', values: [1, 2] }] } });
  });

  it('says that arrays cannot be drawn', () => {
    const { drawing } = drawn(table({ N: 'dynamic', At: 'dynamic' }, ['[1,2,3]', `["${at(0)}"]`]), 'timechart');
    expect(drawing).toMatchObject({ kind: 'none', why: expect.stringContaining('only arrays are drawn') as string });
  });

  it('keeps the greatest of too many series, and says so', () => {
    const rows = Array.from({ length: 60 }, (_, i): Cell[] => [at(0), `s${i}`, i]);
    const { drawing, notes } = drawn(table({ At: 'datetime', G: 'string', N: 'long' }, ...rows), 'timechart');
    expect(notes).toEqual(['Showing the 50 greatest of 60 series']);
    expect(drawing.kind === 'time' && drawing.data.series[0]?.label).toBe('s10');
  });
});

describe('by category', () => {
  const byCode = table({ Code: 'string', Requests: 'long' }, ['200', 10], ['500', 2], ['', 1]);

  it('stands in the order of the rows', () => {
    expect(drawn(byCode, 'piechart').drawing).toMatchObject({ kind: 'pie', data: { names: ['200', '500', '(none)'], series: [{ label: 'Requests', values: [10, 2, 1] }] } });
    expect(drawn(byCode, 'barchart').drawing.kind).toBe('bars');
    expect(drawn(byCode, 'timechart').notes).toEqual(['Drawn as columns: Code is neither a time nor a number.']);
  });

  it('splits columns by further texts', () => {
    const { drawing } = drawn(table({ Code: 'string', Where: 'string', N: 'long' }, ['200', 'a', 1], ['200', 'b', 2], ['500', 'b', 3]), 'columnchart', render({ kind: 'stacked' }));
    expect(drawing).toMatchObject({ kind: 'columns', data: { names: ['200', '500'], stacked: true, series: [{ label: 'a', values: [1, null] }, { label: 'b', values: [2, 3] }] } });
  });

  it('has a bar for each bin of less than a second', () => {
    const bins = [0, 100, 200].map((n): Cell[] => [`2026-03-01T10:00:00.${String(n).padStart(3, '0')}0000Z`, n]);
    expect(drawn(table({ At: 'datetime', N: 'long' }, ...bins), 'barchart').drawing).toMatchObject({ data: { names: ['2026-03-01 10:00', '2026-03-01 10:00:00.100', '2026-03-01 10:00:00.200'], series: [{ values: [0, 100, 200] }] } });
  });

  it('keeps apart what only looks the same', () => {
    expect(drawn(table({ Ratio: 'real', N: 'long' }, [0.12345671, 1], [0.12345672, 2]), 'columnchart').drawing).toMatchObject({ data: { names: ['0.123457', '0.123457'], series: [{ values: [1, 2] }] } });
  });

  it.each(['barchart', 'columnchart', 'piechart'] as const)('does not add up the rows of a name: %s', (chart) => {
    const { drawing } = drawn(table({ Where: 'string', P95Ms: 'real', At: 'datetime' }, ['a', 10, at(0)], ['b', 30, at(0)], ['a', 20, at(1)]), chart);
    expect(drawing).toMatchObject({ data: { names: ['a', 'b', 'a'], series: [{ values: [10, 30, 20] }] } });
  });

  it('names slices of a pie by all texts', () => {
    const { drawing } = drawn(table({ Endpoint: 'string', Where: 'string', N: 'long' }, ['x', 'blue', 1], ['x', 'green', 2], ['y', 'blue', 3]), 'piechart');
    expect(drawing).toMatchObject({ data: { names: ['x · blue', 'x · green', 'y · blue'], series: [{ label: 'N', values: [1, 2, 3] }] } });
  });

  it('has numbers along the axis of columns', () => {
    expect(drawn(table({ Ms: 'int', Requests: 'long' }, [10, 5], [20, 6]), 'columnchart').drawing).toMatchObject({ kind: 'columns', data: { names: ['10', '20'], series: [{ label: 'Requests' }] } });
  });
});

it('draws numbers against numbers as points', () => {
  const t = table({ SizeBytes: 'int', Ms: 'int' }, [20, 2], [10, 1], [null, 5]);
  expect(drawn(t, 'scatterchart').drawing).toMatchObject({ kind: 'points', data: { joined: false, xUnit: 'Bytes', yUnit: 'Milliseconds', series: [{ points: [[20, 2], [10, 1]] }] } });
  expect(drawn(t, 'linechart').drawing).toMatchObject({ data: { joined: true, series: [{ points: [[10, 1], [20, 2]] }] } });
});

it.each([
  [table({ A: 'string' }), 'There are no rows to draw.'],
  [table({ A: 'string', B: 'string' }, ['x', 'y']), 'A chart needs a column of numbers'],
])('says why nothing is drawn', (t, why) => expect(drawn(t, 'columnchart').drawing).toMatchObject({ kind: 'none', why: expect.stringContaining(why) as string }));

it('shows single values as cards', () => expect(drawn(table({ Requests: 'long', Longest: 'timespan' }, [5, '00:00:01']), 'card').drawing).toEqual({ kind: 'card', values: [{ label: 'Requests', cell: 5, unit: '' }, { label: 'Longest', cell: 1000, unit: 'Milliseconds' }] }));
