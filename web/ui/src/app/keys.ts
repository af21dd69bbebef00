/** What keys mean on every page: one key, or g and the key of a place. */

import { places } from './places';

export type Command = { do: 'find' } | { do: 'help' } | { do: 'go'; to: string } | { do: 'press'; key: string };

export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** How long the key after a g may take, in milliseconds. */
export const patience = 1500;

/** Keys that press a control of the page, which names its key in aria-keyshortcuts. */
export const controlKeys: readonly { key: string; label: string }[] = [
  { key: 't', label: 'Choose the time' },
  { key: '[', label: 'Earlier by half of the time shown' },
  { key: ']', label: 'Later by half of the time shown' },
  { key: 'r', label: 'Refresh now' },
];

/** What a key means, and whether it was the g that waits for another. */
export function readKey(pressed: Pressed, afterG: boolean): { command?: Command; waits: boolean } {
  const { key } = pressed;
  if ((pressed.ctrlKey || pressed.metaKey) && !pressed.altKey && key.toLowerCase() === 'k') return { command: { do: 'find' }, waits: false };
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return { waits: false };
  if (afterG) {
    const place = places.find((p) => p.key === key);
    return place === undefined ? { waits: false } : { command: { do: 'go', to: place.to }, waits: false };
  }
  if (key === 'g') return { waits: true };
  if (key === '/') return { command: { do: 'find' }, waits: false };
  if (key === '?') return { command: { do: 'help' }, waits: false };
  if (controlKeys.some((c) => c.key === key)) return { command: { do: 'press', key }, waits: false };
  return { waits: false };
}

const typed = 'input, textarea, select, [contenteditable], [role="textbox"], [role="combobox"], [role="menu"], [role="listbox"], [role="dialog"]';

/** Whether what has the focus takes keys itself: fields, editors, menus, dialogs. */
export function takesKeys(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(typed) !== null;
}
