import { describe, expect, it } from 'vitest';
import { nothing, type Reading, type Summary } from '../summary';
import { healthVerdict, type Health } from './health';

const of =
  (readings: Record<string, number | Reading>): Summary =>
  (metric) => {
    const r = readings[metric];
    return r === undefined ? nothing : typeof r === 'number' ? { now: r, before: null } : r;
  };
const base: Health = { summary: of({}), requests: null, requestsBefore: null, alerts: [], past: false, silent: [] };
const say = (readings: Record<string, number | Reading>, rest: Partial<Health> = {}) => {
  const v = healthVerdict({ ...base, requests: 1000, summary: of({ RequestsPerMinute: 9, ...readings }), ...rest });
  return `${v.kind}: ${v.text.replace(/\u00a0/g, ' ')}`;
};

describe('healthVerdict', () => {
  it('has alerts first', () => {
    const alerts = [
      { name: 'slow', severity: 2 },
      { name: 'down', severity: 0 },
    ];
    expect(say({}, { alerts })).toBe('critical: down and 1 more fired.');
    expect(say({}, { alerts: alerts.slice(0, 1), silent: ['a'] })).toBe('warning: slow fired.');
    expect(say({}, { alerts: alerts.slice(0, 1), past: true })).toBe('warning: slow was open in this time.');
    expect(say({}, { alerts, past: true })).toBe('critical: down and 1 more were open in this time.');
  });

  it('is not well where alerts are not known', () => {
    const unknown = ['Whether alerts are fired cannot be told.'];
    expect(say({ ErrorRatio: 0, RequestLatency_P50: 20 }, { requests: 50, unknown })).toBe('none: No request failed; half of them took less than 20 ms. Whether alerts are fired cannot be told.');
    expect(say({ ErrorRatio: 0.2 }, { unknown })).toBe('critical: 20 % of the requests failed. Whether alerts are fired cannot be told.');
  });

  it('names who is silent', () => {
    expect(say({}, { silent: ['a'] })).toBe('warning: a went silent within the last hour.');
    expect(say({}, { silent: ['a', 'b', 'c', 'd'] })).toBe('warning: a, b and 2 more went silent within the last hour.');
  });

  it('says since when it is silent', () => {
    expect(healthVerdict({ ...base, lastSeen: '07:12' })).toEqual({ kind: 'none', text: 'It is silent: it was last heard of at 07:12.' });
  });

  it('says nothing from too little', () => {
    expect(healthVerdict(base).text).toBe('No proxy measured requests here in this time.');
    expect(say({ RequestsPerMinute: 0 }, { requests: 0 })).toBe('none: No requests in this time.');
    expect(say({ ErrorRatio: 1 }, { requests: 2 })).toBe('none: Only 2 requests in this time: too few to judge.');
    expect(say({ ErrorRatio: 0.75 }, { requests: 8 })).toBe('warning: 6 of only 8 requests failed.');
  });

  it.each([
    [{ ErrorRatio: { now: 0.031, before: 0.001 } }, 'warning: 3.1 % of the requests failed (before: 0.1 %).'],
    [{ ErrorRatio: 0.2 }, 'critical: 20 % of the requests failed.'],
    [{ ErrorRatio: 0.2, Availability: 80 }, 'critical: 20 % of the requests failed: 20 % by the model or the service.'],
    [{ ErrorRatio: 0.08, Availability: 97 }, 'warning: 8 % of the requests failed: 3 % by the model or the service, the rest by the clients.'],
    [{ ErrorRatio: 0.08, Availability: 99.7 }, "warning: 8 % of the requests failed, nearly all by the clients' fault: 0.3 % by the model or the service."],
    [{ ErrorRatio: 0.012, Availability: 99.05 }, 'warning: 1.2 % of the requests failed: 0.95 % by the model or the service, the rest by the clients.'],
    [{ ErrorRatio: 0.08, Availability: 99.5 }, 'warning: 8 % of the requests failed: 0.5 % by the model or the service, the rest by the clients.'],
  ])('tells whose the errors are: %j', (readings, want) => {
    expect(say(readings as Record<string, number>)).toBe(want);
  });

  it('compares latency with enough requests only', () => {
    const slower = { ErrorRatio: 0, RequestLatency_P99: { now: 4100, before: 300 }, RequestLatency_P50: { now: 20, before: 20 } };
    expect(say(slower, { requestsBefore: 1000 })).toBe('warning: P99 is 4.1 s, ×14 against the time before.');
    expect(say(slower, { requestsBefore: 50 })).toMatch(/^ok: No request failed; half of them took less than 20 ms, 99 of 100 less than 4.1 s/);
    expect(say(slower, { requests: 50, requestsBefore: 50 })).toBe('ok: No request failed; half of them took less than 20 ms.');
    expect(say({ ...slower, RequestLatency_P50: { now: 90, before: 20 } }, { requests: 50, requestsBefore: 50 })).toBe('warning: The median is 90 ms, ×4.5 against the time before.');
  });
});
