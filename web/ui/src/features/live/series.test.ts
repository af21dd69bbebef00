import { expect, it } from 'vitest';
import { withSecond, type Buffer } from './buffer';
import { durationLines, lines, mostParts, partsOf, requestLines, type Frame } from './series';
import { row, secondOf, start, traffic } from './testing';
import type { LiveSecond } from './types';

const held = (events: Record<number, Partial<LiveSecond>>): Buffer => Object.entries(events).reduce<Buffer>((b, [n, e]) => withSecond(b, secondOf(Number(n), e), start), []);
const frame = (buffer: Buffer, of: Partial<Frame> = {}): Frame => ({ buffer, end: start + 6000, length: 6000, over: 3000, factor: 2 ** (1 / 8), split: 'none', parts: [], percentile: 'p50', ...of });

it('has every second on its axis, and null where none came', () => {
  const data = requestLines(frame(held({ 1: { total: row('chat', { traffic: traffic(3, { failures: 1 }) }) }, 4: { total: row('chat', { traffic: traffic(2) }) }, 5: { total: null } })));
  expect(data.times).toHaveLength(6);
  expect(data.span).toEqual({ start, end: start + 6000 });
  expect(data.series.map((s) => [s.key, s.values])).toEqual([
    ['2xx', [null, 2, null, null, 2, null]],
    ['5xx', [null, 1, null, null, 0, null]],
  ]);
});

it('has no zero where no proxy tells of requests', () => {
  const data = requestLines(frame(held({ 2: { total: row('chat', { traffic: null }) } })));
  expect(data.series.map((s) => s.values.filter((v) => v !== null))).toEqual([[]]);
});

it('slides percentiles over the seconds before, and draws none of too few requests', () => {
  const of = (n: number, max: number, bucket: number) => ({ total: row('chat', { traffic: traffic(n, { max, bucket }) }) });
  const data = durationLines(frame(held({ 0: of(200, 1, 0), 1: of(10, 0.1, -26), 2: of(0, 0, 0), 3: of(10, 0.1, -26), 5: of(1, 0.1, -26) })));
  const values = Object.fromEntries(data.series.map((s) => [s.key, s.values]));
  expect(values.longest).toEqual([1, 1, 1, 0.1, null, 0.1]);
  expect(values.P50?.map((v) => v !== null)).toEqual([true, true, true, true, false, true]);
  expect(values.P99?.map((v) => v !== null)).toEqual([true, true, true, false, false, false]);
  expect(values.P50?.[3]).toBeLessThanOrEqual(0.1);
});

it('has nothing where nobody asked, and no percentile', () => {
  const data = durationLines(frame(held({ 5: { total: row('chat', { traffic: traffic(0) }) } })));
  expect(data.series.every((s) => s.values.every((v) => v === null))).toBe(true);
});

const split = (n: number) => ({ children: Array.from({ length: n }, (_, i) => row(`chat/d${i}`, { traffic: traffic(i + 1) })) });

it('draws parts in the order of their names, each with its colour from second to second', () => {
  const buffer = held({ 4: { children: [row('chat/green'), row('chat/blue')] }, 5: { children: [row('chat/blue')] } });
  const { parts, omitted } = partsOf(buffer, 'children');
  expect(parts.map((p) => p.label)).toEqual(['blue', 'green']);
  expect(omitted).toBe(0);
  expect(parts[0]?.colour).not.toEqual(parts[1]?.colour);
  const data = lines(frame(buffer, { split: 'children', parts }), 'Count', [{ key: 'under way', value: (r) => r.in_flight }]);
  expect(data.series.map((s) => [s.label, s.values.slice(4)])).toEqual([
    ['blue', [0, 0]],
    ['green', [0, null]],
  ]);
  expect(partsOf(buffer, 'none').parts).toEqual([]);
});

it('draws the parts with the most requests, and says how many there are more', () => {
  const { parts, omitted } = partsOf(held({ 1: { ...split(mostParts + 2), children_omitted: 5 } }), 'children');
  expect(parts).toHaveLength(mostParts);
  expect(parts.map((p) => p.label)).not.toContain('d0');
  expect(omitted).toBe(7);
});

it('names parts in full where their names are the same', () => {
  expect(partsOf(held({ 1: { children: [row('a/x/0'), row('b/x/0')] } }), 'instances').parts.map((p) => p.label)).toEqual(['a/x/0', 'b/x/0']);
});

it('compares parts by one percentile', () => {
  const buffer = held({ 5: { children: [row('chat/blue', { traffic: traffic(4) }), row('chat/green', { traffic: traffic(1) })] } });
  const data = durationLines(frame(buffer, { split: 'children', parts: partsOf(buffer, 'children').parts }));
  expect(data.series.map((s) => s.values[5] !== null)).toEqual([true, false]);
});
