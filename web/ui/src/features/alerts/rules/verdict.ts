/** What a preview comes to, in words. */

import { formatDuration, formatValue } from '@/lib/units';
import { dataTime, firedTime, type CriterionView, type Firing } from '../previewModel';
import type { Preview } from '../types';

/** For how long a rule would have been fired, and for which part of the time that it could judge. */
export function firedText(preview: Preview, views: readonly CriterionView[], all: readonly Firing[]): string {
  const time = dataTime(preview, views, all);
  const blind = time === undefined || time.firedWithoutData === 0 ? '' : `, ${formatDuration(time.firedWithoutData)} of it without data`;
  const share = time === undefined || time.withData === 0 ? '' : ` (${formatValue(time.firedWithData / time.withData, 'Ratio')} of the time${time.withoutData > 0 ? ' with data' : ''})`;
  return `Fired for ${formatDuration(firedTime(all, Date.parse(preview.end)))} in all${blind}${share}`;
}
