import { describe, expect, it } from 'vitest';
import { coverOf, meanRate } from './rates';

describe('meanRate', () => {
  it.each([
    ['all of a whole time', [10, 20, 30], 3, 20],
    ['not the running window', [10, 20, 3], 2, 15],
    ['not the window that begins after a gap', [null, 4, 20, 30], 4, 25],
    ['nothing, where all lie beside gaps', [null, 4, null, 6], 4, null],
    ['nothing from the running one alone', [null, null, 7], 2, null],
    ['nothing from the first, which began somewhere within its minute', [null, 60, 500], 2, null],
    ['the second minute of something new', [null, 60, 1200, 500], 3, 1200],
    ['nothing of nothing', [null, null], 2, null],
    ['zeros, which were measured', [0, 0], 2, 0],
  ])('takes %s', (_, values, running, want) => expect(meanRate(values, running)).toBe(want));
});

describe('coverOf', () => {
  it('counts a window in which any series has data', () => {
    expect(coverOf([[null, null, 1, null], [null, 2, null, null]])).toEqual({ share: 0.5, first: 1, whole: false });
    expect(coverOf([[0, 0]])).toEqual({ share: 1, first: 0, whole: true });
    expect(coverOf([])).toEqual({ share: 0, first: undefined, whole: false });
  });
});
