/** Which columns of a table a chart draws: along its axis, upwards, and one line or colour for each. */

import type { LogColumn, LogRender, LogTable } from '../answer';
import { isDynamic, isNumeric, isTime } from '../cells';
import type { ChartName } from './chartkinds';

export interface Picked {
  x: number | undefined;
  ys: number[];
  series: number[];
}

/** Picks as Kusto does: the first time or the first column along, all numbers upwards, all texts as series, as far as the query says nothing. */
export function pick(table: LogTable, chart: ChartName, render: LogRender | undefined): Picked {
  const at = (name: string) => table.columns.findIndex((c) => c.name === name);
  const all = table.columns.map((_, i) => i);
  const column = (i: number): LogColumn => table.columns[i] ?? { name: '', type: '' };
  const named = render?.xColumn == null ? -1 : at(render.xColumn);
  const isYs = (i: number) => isNumeric(column(i)) || column(i).type === 'timespan' || isDynamic(column(i));
  const given = (names: readonly string[] | null | undefined) => names?.map(at).filter((i) => i >= 0);
  const ys = given(render?.yColumns);
  const series = given(render?.series);
  const x = named >= 0 ? named : firstAlong(all, column, chart, [...(ys ?? []), ...(series ?? [])]);
  const others = all.filter((i) => i !== x);
  return {
    x,
    ys: ys ?? others.filter((i) => isYs(i) && !(isDynamic(column(i)) && isTime(column(i)))),
    series: series ?? others.filter((i) => !isYs(i) && !isTime(column(i)) && ys?.includes(i) !== true),
  };
}

function firstAlong(all: number[], column: (i: number) => LogColumn, chart: ChartName, taken: number[]): number | undefined {
  const free = all.filter((i) => !taken.includes(i));
  if (chart === 'card') return undefined;
  const time = free.find((i) => isTime(column(i)));
  if (chart === 'timechart' || chart === 'areachart' || chart === 'stackedareachart' || chart === 'scatterchart') {
    if (time !== undefined) return time;
  }
  if (chart === 'piechart' || chart === 'barchart' || chart === 'columnchart') {
    // A time goes along only where no text does.
    return free.find((i) => !isNumeric(column(i)) && !isTime(column(i)) && !isDynamic(column(i))) ?? time ?? free[0];
  }
  return free[0];
}
