/** One line under each question of a page, from the data. It says numbers, not opinions, and nothing from too few of them. */

import type { StatusKind } from '@/components/Status';

export interface Verdict {
  kind: StatusKind;
  text: string;
}

export const none = (text: string): Verdict => ({ kind: 'none', text });

/** Fewer requests than this say nothing of shares and means. */
export const few = 20;
/** A hundredth of fewer requests than this is less than one. */
export const fewForP99 = 100;

export function tooFew(requests: number): Verdict {
  return none(requests < 0.5 ? 'No requests in this time.' : `Only ${countOf(requests, 'request')} in this time: too few to judge.`);
}

export function countOf(n: number, what: string): string {
  const whole = Math.round(n);
  return `${whole.toLocaleString('en-US')} ${what}${whole === 1 ? '' : 's'}`;
}

/** The parts of a sentence that there are, with a full stop. */
export function sentence(parts: readonly string[]): string {
  const said = parts.filter((p) => p !== '').join('; ');
  return said === '' ? '' : `${said.charAt(0).toUpperCase()}${said.slice(1)}.`;
}
