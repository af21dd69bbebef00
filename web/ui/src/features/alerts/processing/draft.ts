/** A processing rule as the form has it, and how it becomes a document and back. */

import { withoutInfo } from '@/panels/resources/document';
import type { ResourceDocument } from '../types';

export interface ConditionDraft {
  field: string;
  operator: string;
  values: string[];
}

export interface RecurrenceDraft {
  recurrenceType: string;
  startTime: string;
  endTime: string;
  daysOfWeek: string[];
  daysOfMonth: string[];
}

export interface ProcessingDraft {
  name: string;
  description: string;
  enabled: boolean;
  scopes: string[];
  conditions: ConditionDraft[];
  suppress: boolean;
  groups: string[];
  from: string;
  until: string;
  timeZone: string;
  recurrences: RecurrenceDraft[];
  rest: Record<string, unknown>;
}

export const conditionFields: readonly { field: string; label: string; operators: 'two' | 'four' | 'contains'; values?: readonly string[] }[] = [
  { field: 'Severity', label: 'Severity', operators: 'two', values: ['Sev0', 'Sev1', 'Sev2', 'Sev3', 'Sev4'] },
  { field: 'AlertRuleName', label: 'Rule', operators: 'four' },
  { field: 'TargetResource', label: 'Scope', operators: 'four' },
  { field: 'TargetResourceGroup', label: 'Endpoint', operators: 'four' },
  { field: 'TargetResourceType', label: 'Level', operators: 'four', values: ['endpoint', 'deployment', 'instance'] },
  { field: 'MonitorService', label: 'Kind of rule', operators: 'two', values: ['Platform', 'Log Alerts V2', 'Prometheus', 'External'] },
  { field: 'MonitorCondition', label: 'Condition', operators: 'two', values: ['Fired', 'Resolved'] },
  { field: 'SignalType', label: 'Signal', operators: 'two', values: ['Metric', 'Log'] },
  { field: 'AlertRuleId', label: 'Id of the rule', operators: 'four' },
  { field: 'Description', label: 'Description', operators: 'four' },
  { field: 'AlertContext', label: 'Labels and values', operators: 'contains' },
];

const words: Record<string, string> = { Equals: 'is', NotEquals: 'is not', Contains: 'contains', DoesNotContain: 'does not contain' };

/** The operators that a field has, with their words. */
export function operatorsOf(field: string): { value: string; label: string }[] {
  const kind = conditionFields.find((f) => f.field === field)?.operators ?? 'four';
  const all = kind === 'contains' ? ['Contains', 'DoesNotContain'] : kind === 'two' ? ['Equals', 'NotEquals'] : Object.keys(words);
  return all.map((value) => ({ value, label: words[value] ?? value }));
}

export const emptyProcessing: ProcessingDraft = { name: '', description: '', enabled: true, scopes: [], conditions: [], suppress: true, groups: [], from: '', until: '', timeZone: '', recurrences: [], rest: {} };

export const newRecurrence: RecurrenceDraft = { recurrenceType: 'Daily', startTime: '22:00:00', endTime: '06:00:00', daysOfWeek: [], daysOfMonth: [] };

const record = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {});
const records = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.map(record) : []);
const str = (value: unknown): string => (typeof value === 'string' ? value : '');
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map((v) => (typeof v === 'number' ? String(v) : str(v))) : []);

export function draftOfProcessing(rule: ResourceDocument): ProcessingDraft {
  const { name, description, enabled, scopes, conditions, actions, schedule, ...rest } = withoutInfo(rule);
  const all = records(actions);
  const when = record(schedule);
  return {
    name: str(name),
    description: str(description),
    enabled: enabled !== false,
    scopes: texts(scopes),
    conditions: records(conditions).map((c) => ({ field: str(c.field), operator: str(c.operator), values: texts(c.values) })),
    suppress: !all.some((a) => a.actionType === 'AddActionGroups'),
    groups: all.flatMap((a) => texts(a.actionGroupIds)),
    from: str(when.effectiveFrom),
    until: str(when.effectiveUntil),
    timeZone: str(when.timeZone),
    recurrences: records(when.recurrences).map((r) => ({ recurrenceType: str(r.recurrenceType), startTime: str(r.startTime), endTime: str(r.endTime), daysOfWeek: texts(r.daysOfWeek), daysOfMonth: texts(r.daysOfMonth) })),
    rest,
  };
}

export function processingOfDraft(draft: ProcessingDraft): { name: string; [field: string]: unknown } {
  const schedule: Record<string, unknown> = {};
  if (draft.from.trim() !== '') schedule.effectiveFrom = draft.from.trim();
  if (draft.until.trim() !== '') schedule.effectiveUntil = draft.until.trim();
  if (draft.timeZone.trim() !== '') schedule.timeZone = draft.timeZone.trim();
  if (draft.recurrences.length > 0) schedule.recurrences = draft.recurrences.map(recurrenceOf);
  return {
    ...draft.rest,
    name: draft.name,
    enabled: draft.enabled,
    ...(draft.description.trim() === '' ? {} : { description: draft.description }),
    ...(draft.scopes.length === 0 ? {} : { scopes: draft.scopes }),
    ...(draft.conditions.length === 0 ? {} : { conditions: draft.conditions }),
    ...(Object.keys(schedule).length === 0 ? {} : { schedule }),
    actions: [draft.suppress ? { actionType: 'RemoveAllActionGroups' } : { actionType: 'AddActionGroups', actionGroupIds: draft.groups }],
  };
}

function recurrenceOf(r: RecurrenceDraft): Record<string, unknown> {
  return {
    recurrenceType: r.recurrenceType,
    ...(r.startTime.trim() === '' ? {} : { startTime: r.startTime.trim() }),
    ...(r.endTime.trim() === '' ? {} : { endTime: r.endTime.trim() }),
    ...(r.recurrenceType === 'Weekly' ? { daysOfWeek: r.daysOfWeek } : {}),
    ...(r.recurrenceType === 'Monthly' ? { daysOfMonth: r.daysOfMonth.map(Number) } : {}),
  };
}

/** When a rule holds, in words. */
export function scheduleText(draft: ProcessingDraft): string {
  const zone = draft.timeZone === '' ? 'UTC' : draft.timeZone;
  const bounds = [draft.from === '' ? '' : `from ${draft.from.replace('T', ' ')}`, draft.until === '' ? '' : `until ${draft.until.replace('T', ' ')}`].filter((t) => t !== '');
  const times = draft.recurrences.map((r) => {
    const days = r.recurrenceType === 'Weekly' ? r.daysOfWeek.join(', ') : r.recurrenceType === 'Monthly' ? `days ${r.daysOfMonth.join(', ')}` : 'daily';
    return r.startTime === '' && r.endTime === '' ? days : `${days} ${r.startTime.slice(0, 5) || '00:00'} to ${r.endTime.slice(0, 5) || '24:00'}`;
  });
  const parts = [...times, ...bounds];
  return parts.length === 0 ? 'always' : `${parts.join('; ')} (${zone})`;
}

/** Of which alerts a rule is, in words. */
export function conditionsText(draft: ProcessingDraft): string {
  const parts = draft.conditions.map((c) => `${conditionFields.find((f) => f.field === c.field)?.label.toLowerCase() ?? c.field} ${words[c.operator] ?? c.operator} ${c.values.join(' or ')}`);
  if (draft.scopes.length > 0) parts.unshift(`at or below ${draft.scopes.join(', ')}`);
  return parts.length === 0 ? 'all alerts' : parts.join('; ');
}
