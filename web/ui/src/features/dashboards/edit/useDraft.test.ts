import { expect, test } from 'vitest';
import { emptyDashboard } from '@/lib/dashboard';
import { draftReducer, startDraft } from './useDraft';

const titled = (title: string) => ({ kind: 'change', to: (d: typeof emptyDashboard) => ({ ...d, title }) }) as const;

test('an edit goes back and forth, and a new change ends the way forth', () => {
  let s = startDraft({ ...emptyDashboard, title: 'a' });
  s = draftReducer(draftReducer(s, titled('b')), titled('c'));
  s = draftReducer(s, { kind: 'undo' });
  expect(s.now.title).toBe('b');
  expect(draftReducer(s, { kind: 'redo' }).now.title).toBe('c');
  s = draftReducer(s, titled('d'));
  expect(draftReducer(s, { kind: 'redo' }).now.title).toBe('d');
  s = draftReducer(draftReducer(draftReducer(s, { kind: 'undo' }), { kind: 'undo' }), { kind: 'undo' });
  expect(s.now.title).toBe('a');
});

test('a change that changes nothing is no step', () => {
  const s = startDraft({ ...emptyDashboard, title: 'a' });
  expect(draftReducer(s, titled('a')).past).toEqual([]);
});

test('what is changed while it is being saved is not stored', () => {
  let s = draftReducer(startDraft({ ...emptyDashboard, title: 'a' }), titled('b'));
  const sent = s.now;
  s = draftReducer(s, titled('c'));
  s = draftReducer(s, { kind: 'stored', sent });
  expect(s.stored).toBe(startDraft(sent).stored);
  expect(s.stored).not.toBe(startDraft(s.now).stored);
});
