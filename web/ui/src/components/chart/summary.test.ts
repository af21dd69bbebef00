import { expect, it } from 'vitest';
import { inWords } from './summary';

const grey = { light: '', dark: '' };
const base = { times: [0, 60_000, 120_000], interval: 60_000, span: { start: 0, end: 180_000 }, partialFrom: 120_000, unit: 'Milliseconds' };

it('says what series come to in the windows that have ended, and what happened', () => {
  const series = [
    { key: 'a', label: 'blue', colour: grey, values: [1000, 2000, 9000] },
    { key: 'b', label: 'green', colour: grey, values: [null, null, 5] },
  ];
  expect(inWords({ ...base, series }, true, [{ at: 60_000, label: 'restart of blue-7', kind: 'event' }])).toBe(
    '2 series from 1970-01-01 00:00 to 1970-01-01 00:03. blue last 2\u00a0s, least 1\u00a0s, greatest 2\u00a0s. green has no data. 1 mark: restart of blue-7.',
  );
});

it('names the first of many', () => {
  const series = Array.from({ length: 8 }, (_, i) => ({ key: String(i), label: `s${i}`, colour: grey, values: [1, 1, 1] }));
  expect(inWords({ ...base, series }, true, [])).toMatch(/^8 series .* and 3 more\.$/);
});
