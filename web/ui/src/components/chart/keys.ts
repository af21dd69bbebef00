/** What keys do on a chart that has the focus. */

import type { Span } from '@/lib/time';
import { moved, zoomed } from './spans';

export type KeyAction =
  /** Reads another value: so many columns, or rows, from here, or the first or last. */
  | { kind: 'read'; columns: number; rows: number }
  | { kind: 'end'; end: 'first' | 'last' }
  /** Goes to the next sign on the time axis, or the one before. */
  | { kind: 'mark'; step: 1 | -1 }
  /** Moves in time by a share of what is shown. */
  | { kind: 'move'; share: number }
  | { kind: 'zoom'; factor: number }
  | { kind: 'back' }
  | { kind: 'leave' };

interface Key {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** The words for aria-label: what there is. */
export const keyHelp = 'Arrow keys read its values, with Shift they move in time, plus and minus zoom, 0 goes back.';

export function keyAction({ key, shiftKey, ctrlKey, metaKey, altKey }: Key): KeyAction | undefined {
  if (ctrlKey || metaKey || altKey) return undefined;
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowRight': {
      const sign = key === 'ArrowLeft' ? -1 : 1;
      return shiftKey ? { kind: 'move', share: sign / 4 } : { kind: 'read', columns: sign, rows: 0 };
    }
    case 'ArrowUp':
    case 'ArrowDown':
      return shiftKey ? undefined : { kind: 'read', columns: 0, rows: key === 'ArrowUp' ? -1 : 1 };
    case 'Home':
    case 'End':
      return { kind: 'end', end: key === 'Home' ? 'first' : 'last' };
    case '+':
    case '=':
      return { kind: 'zoom', factor: 0.5 };
    case '-':
      return { kind: 'zoom', factor: 2 };
    case '0':
      return { kind: 'back' };
    case 'm':
    case 'M':
      return { kind: 'mark', step: shiftKey ? -1 : 1 };
    case 'Escape':
      return { kind: 'leave' };
    default:
      return undefined;
  }
}

interface TimeControl {
  span: Span;
  /** Where in the span the crosshair is, as a share of it; undefined for nowhere. */
  at: number | undefined;
  onZoom?: ((span: Span) => void) | undefined;
  onReset?: (() => void) | undefined;
}

/** Does what a key asks of the time that is shown; false for all else. */
export function changeTime(action: KeyAction, { span, at, onZoom, onReset }: TimeControl): boolean {
  if (action.kind === 'back') onReset?.();
  else if (action.kind === 'move') onZoom?.(moved(span, action.share, Date.now()));
  else if (action.kind === 'zoom') onZoom?.(zoomed(span, action.factor, at ?? 0.5, Date.now()));
  else return false;
  return true;
}
