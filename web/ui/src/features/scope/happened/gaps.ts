/** What is not known of what happened, so that nobody takes silence for peace. */

import { asProblem } from '@/api/problem';
import { problemIn } from '@/components/asked';

/** A question about what happened, as far as it came. */
export interface Source {
  /** What it asks for, in the plural. */
  what: string;
  asked: { data: { cut?: boolean; skipped?: boolean } | undefined; error: unknown; failureReason?: unknown };
  /** Said where there is more than was asked for. */
  more?: string;
  /** Said where it was not asked. */
  skipped?: string;
}

/** One sentence for each question that failed, was not asked, is under way, or has more than it was asked for. */
export function gapsOf(sources: readonly Source[]): string[] {
  return sources.flatMap(({ what, asked, more, skipped }): string[] => {
    if (asked.data === undefined) {
      const problem = problemIn(asked);
      return [problem == null ? `Still looking for ${what}.` : `Could not look for ${what}: ${asProblem(problem).title.toLowerCase()}.`];
    }
    if (asked.data.skipped === true) return [skipped ?? `Did not look for ${what}.`];
    return asked.data.cut === true ? [more ?? `There are more ${what} than are shown. A shorter time shows all.`] : [];
  });
}

/** Whether a question has an answer or failed: what is said need not wait for it. */
export function isSettled(asked: Source['asked']): boolean {
  return asked.data !== undefined || problemIn(asked) != null;
}
