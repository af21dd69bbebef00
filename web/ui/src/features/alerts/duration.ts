/** ISO 8601 durations as rules have them: PT5M, P1D, PT1H30M. */

import { day, hour, minute, second } from '@/lib/time';
import { formatDuration } from '@/lib/units';

const pattern = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/** The milliseconds of a duration; undefined for anything else. */
export function parseISO(text: string | undefined): number | undefined {
  const match = pattern.exec((text ?? '').trim().toUpperCase());
  if (match === null || match[0].length < 3) return undefined;
  const [, d, h, m, s] = match.map((part) => Number((part as string | undefined) ?? 0));
  return (d ?? 0) * day + (h ?? 0) * hour + (m ?? 0) * minute + (s ?? 0) * second;
}

/** A duration for people: 5 min, 1 h 30 min; what is no duration stays as it is. */
export function isoWords(text: string | undefined): string {
  const ms = parseISO(text);
  return ms === undefined ? (text ?? '') : formatDuration(ms);
}
