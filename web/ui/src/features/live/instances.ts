/** The rows of the table of instances. */

import { scopeName } from '@/lib/scope';
import { second } from '@/lib/time';
import { between, rowsOf, type Buffer } from './buffer';
import { figuresOf, type Figures } from './figures';
import type { SilentReason } from './types';

export interface InstanceRow {
  scope: string;
  name: string;
  /** Why it gave no frame, if it gave none of late. */
  silent: SilentReason | undefined;
  /** How many of the seconds of the window it gave no frame of though its stream is open. */
  late: number;
  figures: Figures;
}

/** How many seconds without a frame make an instance a silent one: one that is late now and then is only late. */
const silentAfter = 3 * second;

/** The instances of the time before `end`, those that are silent among them. */
export function instanceRows(buffer: Buffer, end: number, over: number, factor: number): InstanceRow[] {
  const window = between(buffer, end - Math.max(over, silentAfter), end);
  const silent = new Map<string, SilentReason>();
  const late = new Map<string, number>();
  const scopes = new Set<string>();
  for (const { event } of window) {
    for (const row of rowsOf(event, 'instances')) {
      scopes.add(row.scope);
      silent.delete(row.scope);
    }
    for (const s of event.instances.silent) {
      scopes.add(s.scope);
      silent.set(s.scope, s.reason);
      if (s.reason === 'late') late.set(s.scope, (late.get(s.scope) ?? 0) + 1);
    }
  }
  return [...scopes].map((scope) => {
    const figures = figuresOf(buffer, end, over, factor, 'instances', scope);
    const fresh = figures.last !== null && figures.last >= end - silentAfter;
    return { scope, name: scopeName(scope), silent: fresh ? undefined : silent.get(scope), late: late.get(scope) ?? 0, figures };
  });
}

/** How many instances of the last second are not named. */
export function omittedInstances(buffer: Buffer): number {
  const event = buffer.at(-1)?.event;
  if (event === undefined) return 0;
  return ((event.by_instance === undefined ? event.children_omitted : event.by_instance_omitted) ?? 0) + (event.instances.silent_omitted ?? 0);
}
