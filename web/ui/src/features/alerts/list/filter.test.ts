import { describe, expect, it } from 'vitest';
import { hour } from '@/lib/time';
import { isNarrowed, parseFilter, questionOf } from './filter';

const filter = (search: string) => parseFilter(new URLSearchParams(search));
const lastHour = { kind: 'relative', length: hour } as const;

describe('questionOf', () => {
  it('asks for all that is fired now, however old', () => {
    expect(questionOf(filter('condition=Resolved'), lastHour, 5 * hour)).toEqual({ monitorCondition: 'Fired' });
  });

  it('asks for what fired in the time of the page', () => {
    expect(questionOf(filter('show=history&severity=0&severity=1&state=New&rule=a&rule=b&suppressed=false&find=x'), lastHour, 5 * hour)).toEqual({
      severity: '0,1',
      alertState: 'New',
      alertRule: 'a,b',
      suppressed: false,
      q: 'x',
      start: '1970-01-01T04:00:00Z',
    });
    const { start, end } = questionOf(filter('show=history'), { kind: 'absolute', start: 0, end: hour }, 5 * hour);
    expect([start, end]).toEqual(['1970-01-01T00:00:00Z', '1970-01-01T01:00:00Z']);
  });
});

it('leaves out what is no value of a parameter', () => {
  expect(filter('severity=9&severity=2&state=Lost&sort=-nonsense')).toMatchObject({ severity: ['2'], state: [], sort: 'firedAt', ascending: false });
  expect(filter('sort=severity')).toMatchObject({ sort: 'severity', ascending: true });
});

it.each([
  ['', false],
  ['show=history', false],
  ['condition=Resolved', false],
  ['show=history&condition=Resolved', true],
  ['find=x', true],
])('%j is narrowed: %s', (search, want) => {
  expect(isNarrowed(filter(search))).toBe(want);
});
