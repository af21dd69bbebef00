/** What names of columns say about the unit of their values. */

import type { Unit } from '@/lib/units';
import type { LogColumn } from '../answer';

const endings: [RegExp, Unit][] = [
  [/Ms(_\d+)?$/, 'Milliseconds'],
  [/(Seconds|Secs)(_\d+)?$/, 'Seconds'],
  [/(Bytes|PayloadSize)(_\d+)?$/i, 'Bytes'],
  [/(Percent|Percentage)(_\d+)?$/, 'Percent'],
  [/Ratio(_\d+)?$/, 'Ratio'],
];

/** The unit of a column: percentile_TotalDurationMs_95 is of milliseconds; empty where its name says nothing. */
export function unitOfColumn({ name, type }: LogColumn): Unit {
  if (type === 'timespan') return 'Milliseconds';
  if (/^(d?count|countif|dcountif)_/.test(name)) return '';
  return endings.find(([ending]) => ending.test(name))?.[1] ?? '';
}
