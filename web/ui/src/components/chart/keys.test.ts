import { expect, it } from 'vitest';
import { keyAction } from './keys';

const none = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };

it.each([
  ['ArrowLeft', {}, { kind: 'read', columns: -1, rows: 0 }],
  ['ArrowDown', {}, { kind: 'read', columns: 0, rows: 1 }],
  ['ArrowRight', { shiftKey: true }, { kind: 'move', share: 0.25 }],
  ['+', { shiftKey: true }, { kind: 'zoom', factor: 0.5 }],
  ['-', {}, { kind: 'zoom', factor: 2 }],
  ['0', {}, { kind: 'back' }],
  ['M', { shiftKey: true }, { kind: 'mark', step: -1 }],
  ['End', {}, { kind: 'end', end: 'last' }],
  ['0', { ctrlKey: true }, undefined],
  ['ArrowLeft', { altKey: true }, undefined],
  ['r', {}, undefined],
])('%s %o', (key, held, want) => {
  expect(keyAction({ ...none, key, ...held })).toEqual(want);
});
