/** Totals of times of different lengths: the server brings that of the baseline to the length of the window. */

import type { Explanation } from '@/api/types';
import { formatValue, type Unit } from '@/lib/units';

const lengthOf = ({ start, end }: { start: string; end: string }) => Date.parse(end) - Date.parse(start);

/** What is said beside a total that was brought to another length; nothing of other values. */
export function scalingOf(e: Explanation, unit: Unit): string {
  const [window, baseline] = [lengthOf(e), lengthOf(e.baseline)];
  const total = ['total', 'count'].includes(e.aggregation.toLowerCase());
  if (!total || e.before === null || window === baseline) return '';
  // Where data cover a part of the time only, which a warning says, the lengths do not tell how many were counted.
  const counted = e.warnings.length > 0 ? '' : ` (${formatValue((e.before * baseline) / window, unit)} counted)`;
  return ` in as long a time${counted}`;
}
