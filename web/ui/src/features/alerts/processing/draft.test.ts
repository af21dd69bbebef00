import { expect, it } from 'vitest';
import { conditionsText, draftOfProcessing, emptyProcessing, newRecurrence, operatorsOf, processingOfDraft, scheduleText } from './draft';

const rule = {
  name: 'Quiet nights',
  enabled: true,
  scopes: ['fraud'],
  conditions: [{ field: 'Severity', operator: 'Equals', values: ['Sev2', 'Sev3'] }],
  schedule: {
    effectiveFrom: '2026-11-28T10:00:00',
    timeZone: 'Europe/Berlin',
    recurrences: [
      { recurrenceType: 'Daily', startTime: '22:00:00', endTime: '07:00:00' },
      { recurrenceType: 'Weekly', daysOfWeek: ['Sunday'] },
      { recurrenceType: 'Monthly', daysOfMonth: [1, -1] },
    ],
  },
  actions: [{ actionType: 'RemoveAllActionGroups' }],
};

it('comes back as it was', () => {
  expect(processingOfDraft(draftOfProcessing(rule))).toEqual(rule);
  const adding = { name: 'a', enabled: false, actions: [{ actionType: 'AddActionGroups', actionGroupIds: ['x'] }] };
  expect(processingOfDraft(draftOfProcessing(adding))).toEqual(adding);
});

it('says when and of what in words', () => {
  const draft = draftOfProcessing(rule);
  expect(scheduleText(draft)).toBe('daily 22:00 to 07:00; Sunday; days 1, -1; from 2026-11-28 10:00:00 (Europe/Berlin)');
  expect(conditionsText(draft)).toBe('at or below fraud; severity is Sev2 or Sev3');
  expect([scheduleText(emptyProcessing), conditionsText(emptyProcessing)]).toEqual(['always', 'all alerts']);
  expect(scheduleText({ ...emptyProcessing, recurrences: [{ ...newRecurrence, endTime: '' }] })).toBe('daily 22:00 to 24:00 (UTC)');
});

it.each([
  ['Severity', ['Equals', 'NotEquals']],
  ['AlertContext', ['Contains', 'DoesNotContain']],
  ['Description', ['Equals', 'NotEquals', 'Contains', 'DoesNotContain']],
])('%s has %j', (field, want) => {
  expect(operatorsOf(field).map((o) => o.value)).toEqual(want);
});
