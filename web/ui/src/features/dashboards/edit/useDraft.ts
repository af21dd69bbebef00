import { useCallback, useReducer } from 'react';
import { writeDashboard, type Dashboard } from '@/lib/dashboard';

interface State {
  past: Dashboard[];
  now: Dashboard;
  future: Dashboard[];
  /** What is stored, as text. */
  stored: string;
}

type Action = { kind: 'change'; to: (before: Dashboard) => Dashboard } | { kind: 'undo' } | { kind: 'redo' } | { kind: 'stored'; sent: Dashboard };

const most = 100;
const textOf = (d: Dashboard) => JSON.stringify(writeDashboard(d));

export function startDraft(now: Dashboard): State {
  return { past: [], now, future: [], stored: textOf(now) };
}

/** What an edit becomes. A change that changes nothing is no step. */
export function draftReducer(state: State, action: Action): State {
  const { past, now, future } = state;
  switch (action.kind) {
    case 'change': {
      const next = action.to(now);
      if (textOf(next) === textOf(now)) return state;
      return { ...state, past: [...past, now].slice(-most), now: next, future: [] };
    }
    case 'undo': {
      const before = past.at(-1);
      return before === undefined ? state : { ...state, past: past.slice(0, -1), now: before, future: [now, ...future] };
    }
    case 'redo': {
      const [next, ...rest] = future;
      return next === undefined ? state : { ...state, past: [...past, now], now: next, future: rest };
    }
    case 'stored':
      return { ...state, stored: textOf(action.sent) };
  }
}

/** A dashboard under edit, with the way back and forth. */
export function useDraft(initial: Dashboard) {
  const [state, act] = useReducer(draftReducer, initial, startDraft);
  return {
    dashboard: state.now,
    dirty: textOf(state.now) !== state.stored,
    canUndo: state.past.length > 0,
    canRedo: state.future.length > 0,
    change: useCallback((to: (before: Dashboard) => Dashboard) => act({ kind: 'change', to }), []),
    undo: useCallback(() => act({ kind: 'undo' }), []),
    redo: useCallback(() => act({ kind: 'redo' }), []),
    /** Takes note of what was sent and is stored now. It may have been changed since. */
    markStored: useCallback((sent: Dashboard) => act({ kind: 'stored', sent }), []),
  };
}
