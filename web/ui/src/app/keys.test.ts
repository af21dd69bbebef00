// @vitest-environment happy-dom

import { expect, it } from 'vitest';
import { readKey, takesKeys } from './keys';

const plain = { ctrlKey: false, metaKey: false, altKey: false };
const key = (key: string, afterG = false) => readKey({ ...plain, key }, afterG);

it('reads single keys', () => {
  expect(key('/')).toEqual({ command: { do: 'find' }, waits: false });
  expect(key('?')).toEqual({ command: { do: 'help' }, waits: false });
  expect(key('t')).toEqual({ command: { do: 'press', key: 't' }, waits: false });
  expect(key('x')).toEqual({ waits: false });
});

it('reads g and a place', () => {
  expect(key('g')).toEqual({ waits: true });
  expect(key('a', true)).toEqual({ command: { do: 'go', to: '/alerts' }, waits: false });
  expect(key('x', true)).toEqual({ waits: false });
  expect(key('?', true)).toEqual({ waits: false });
});

it('leaves the keys of the browser alone, but for Ctrl+K', () => {
  expect(readKey({ ...plain, ctrlKey: true, key: 'r' }, false)).toEqual({ waits: false });
  expect(readKey({ ...plain, altKey: true, key: 'a' }, true)).toEqual({ waits: false });
  expect(readKey({ ...plain, metaKey: true, key: 'k' }, false)).toEqual({ command: { do: 'find' }, waits: false });
});

it('does not read keys that somebody types', () => {
  document.body.innerHTML = '<input id="a"><div role="dialog"><button id="b"></button></div><button id="c"></button><div contenteditable="true"><p id="d"></p></div>';
  const takes = (id: string) => takesKeys(document.getElementById(id));
  expect([takes('a'), takes('b'), takes('c'), takes('d'), takesKeys(null)]).toEqual([true, true, false, true, false]);
});
