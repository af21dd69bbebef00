import { expect, it } from 'vitest';
import { differenceOf, figureKinds, type FigureRow } from './figures';
import { verdictOf } from './verdict';

function row(metric: string, first: number, other: number | null): FigureRow {
  const kind = figureKinds.find((k) => k.metric === metric);
  if (kind === undefined) throw new Error(metric);
  return { kind, cells: [{ value: first, before: null, difference: null }, { value: other, before: null, difference: differenceOf(kind, first, other) }] };
}
const say = (rows: FigureRow[], requests: (number | null)[] = [1000, 1000]) => verdictOf(['blue', 'green'], rows, requests, 1);

it.each([
  ['worse', [row('RequestLatency_P99', 100, 134), row('ErrorRatio', 0.01, 0.01)], 'warning', 'green is worse than blue: P99 +34\u00a0ms (+34\u00a0%).'],
  ['better', [row('ErrorRatio', 0.01, 0.01), row('RequestLatency_P99', 100, 50)], 'ok', 'green is better than blue: P99 −50\u00a0ms (−50\u00a0%).'],
  ['both', [row('ErrorRatio', 0.01, 0.02), row('RequestLatency_P99', 100, 50)], 'warning', 'green is worse than blue: errors +1\u00a0points (+100\u00a0%); but better: P99 −50\u00a0ms (−50\u00a0%).'],
  ['alike', [row('ErrorRatio', 0.01, 0.01), row('RequestLatency_P99', 100, 104)], 'ok', 'green is like blue: errors and P99 differ by less than a tenth, or by too little to matter.'],
  ['a trifle', [row('ErrorRatio', 0.0001, 0.0009), row('RequestLatency_P99', 50, 51)], 'ok', 'green is like blue: errors and P99 differ by less than a tenth, or by too little to matter.'],
  ['what is not known', [row('ErrorRatio', 0.01, 0.01), row('RequestLatency_P99', 100, null)], 'none', 'P99 of green or blue could not be told.'],
  ['what is not known beside what is better', [row('RequestLatency_P99', 100, 50)], 'none', 'Errors of green or blue could not be told; better: P99 −50\u00a0ms (−50\u00a0%).'],
] as const)('says %s', (_, rows, kind, text) => expect(say([...rows])).toEqual({ kind, text }));

it('says nothing from few requests', () => {
  expect(say([row('RequestLatency_P99', 100, 900)], [1000, 12])).toEqual({ kind: 'none', text: 'Too few requests to say how green compares with blue: green had 12; it takes 200 each.' });
  expect(say([], [1000, null]).kind).toBe('none');
});
