import { expect, it } from 'vitest';
import { between, kept, rowOf, withSecond, type Buffer } from './buffer';
import { row, secondOf, start, traffic } from './testing';

const at = (buffer: Buffer) => buffer.map((h) => (h.at - start) / 1000);
const filled = (...seconds: number[]) => seconds.reduce<Buffer>((buffer, n) => withSecond(buffer, secondOf(n), start + n * 1000 + 1300), []);

it('holds seconds in their order, and no others in place of those that did not come', () => {
  expect(at(filled(1, 2, 5, 4))).toEqual([1, 2, 4, 5]);
  expect(filled(1)[0]?.delay).toBe(300);
});

it('replaces a second that is shown again, and keeps when it first came', () => {
  const buffer = withSecond(filled(1, 2, 3), secondOf(2, { again: true, total: row('chat', { traffic: traffic(7) }) }), start + 9000);
  expect(at(buffer)).toEqual([1, 2, 3]);
  expect(buffer[1]?.event.total?.traffic?.requests).toBe(7);
  expect(buffer[1]?.delay).toBe(300);
});

it('forgets what is older than it keeps', () => {
  const buffer = filled(0, 1, kept / 1000);
  expect(at(buffer)).toEqual([1, kept / 1000]);
});

it('passes over what has no time', () => {
  const buffer = filled(1);
  expect(withSecond(buffer, { ...secondOf(2), second: 'soon' }, start)).toBe(buffer);
});

it('finds the seconds of a time', () => {
  expect(at(between(filled(1, 2, 3, 4), start + 2000, start + 4000))).toEqual([2, 3]);
});

it('finds the row of a part, and none for one that gave no frame', () => {
  const event = secondOf(1, { children: [row('chat/blue')], by_instance: [row('chat/blue/a')] });
  expect(rowOf(event, 'none', '')?.scope).toBe('chat');
  expect(rowOf(event, 'children', 'chat/blue')?.scope).toBe('chat/blue');
  expect(rowOf(event, 'instances', 'chat/blue/a')?.scope).toBe('chat/blue/a');
  expect(rowOf(event, 'instances', 'chat/blue/b')).toBeUndefined();
  expect(rowOf(secondOf(1, { children: [row('chat/blue/a')] }), 'instances', 'chat/blue/a')?.scope).toBe('chat/blue/a');
});
