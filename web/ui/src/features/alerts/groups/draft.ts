/** An action group as the form has it, and how it becomes a document and back. */

import { withoutInfo } from '@/panels/resources/document';
import type { ResourceDocument } from '../types';
import { receiverType, receiverTypes } from './receivers';

export interface ReceiverDraft {
  array: string;
  name: string;
  common: boolean;
  /** The fields that the form knows, as they were typed. */
  fields: Record<string, string>;
  /** All others as JSON, as it was typed; empty for none. */
  more: string;
}

export interface GroupDraft {
  name: string;
  shortName: string;
  enabled: boolean;
  receivers: ReceiverDraft[];
  rest: Record<string, unknown>;
}

export const emptyGroup: GroupDraft = { name: '', shortName: '', enabled: true, receivers: [], rest: {} };

export function newReceiver(array: string, others: readonly ReceiverDraft[]): ReceiverDraft {
  const base = receiverType(array).label.toLowerCase().split(' ')[0] ?? 'receiver';
  let name = base;
  for (let i = 2; others.some((r) => r.name === name); i++) name = `${base}-${i}`;
  return { array, name, common: receiverType(array).common === true, fields: {}, more: '' };
}

export function draftOfGroup(group: ResourceDocument): GroupDraft {
  const rest = withoutInfo(group);
  const receivers: ReceiverDraft[] = [];
  const arrays = new Set(receiverTypes.map((t) => t.array));
  const others: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(rest)) {
    if (['name', 'groupShortName', 'enabled'].includes(key)) continue;
    if (arrays.has(key) && Array.isArray(value)) receivers.push(...value.map((r) => draftOfReceiver(key, r as Record<string, unknown>)));
    else others[key] = value;
  }
  return { name: group.name, shortName: typeof group.groupShortName === 'string' ? group.groupShortName : '', enabled: group.enabled !== false, receivers, rest: others };
}

function draftOfReceiver(array: string, receiver: Record<string, unknown>): ReceiverDraft {
  const type = receiverType(array);
  const fields: Record<string, string> = {};
  const more: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(receiver)) {
    if (key === 'name' || key === 'useCommonAlertSchema') continue;
    if (type.fields.some((f) => f.key === key) && typeof value === 'string') fields[key] = value;
    else more[key] = value;
  }
  return { array, name: typeof receiver.name === 'string' ? receiver.name : '', common: receiver.useCommonAlertSchema === true, fields, more: Object.keys(more).length === 0 ? '' : JSON.stringify(more, null, 2) };
}

/** What is wrong with the JSON of further fields. */
export function moreError(more: string): string | undefined {
  if (more.trim() === '') return undefined;
  try {
    const value: unknown = JSON.parse(more);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'must be an object: {"field": "value"}';
  } catch (e) {
    return e instanceof Error ? e.message : 'is no JSON';
  }
}

/** The document of a draft. Arrays that had receivers before and have none now are left out with them. */
export function groupOfDraft(draft: GroupDraft): { name: string; [field: string]: unknown } {
  const out: { name: string; [field: string]: unknown } = { ...draft.rest, name: draft.name, groupShortName: draft.shortName, enabled: draft.enabled };
  for (const r of draft.receivers) {
    const made: Record<string, unknown> = { name: r.name };
    if (receiverType(r.array).common === true) made.useCommonAlertSchema = r.common;
    for (const [key, value] of Object.entries(r.fields)) if (value.trim() !== '') made[key] = value.trim();
    if (r.more.trim() !== '' && moreError(r.more) === undefined) Object.assign(made, JSON.parse(r.more));
    const list = (out[r.array] as unknown[] | undefined) ?? [];
    out[r.array] = [...list, made];
  }
  return out;
}

/** Where the server finds a receiver of the draft: slackReceivers[1]. */
export function receiverPath(draft: GroupDraft, index: number): string {
  const array = draft.receivers[index]?.array ?? '';
  return `${array}[${draft.receivers.slice(0, index).filter((r) => r.array === array).length}]`;
}
