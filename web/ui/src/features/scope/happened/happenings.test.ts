import { describe, expect, it } from 'vitest';
import { gapsOf } from './gaps';
import { alertsWithin, happeningsOf, type EventRow } from './happenings';
import { signsOf } from './layout';
import { marksOf } from './marks';
import { happenedVerdict } from './verdict';

const t0 = Date.parse('2026-03-01T10:00:00Z');
const span = { start: t0, end: t0 + 3_600_000 };
const event = (at: number, name: string, message = '', properties: Record<string, unknown> = {}): EventRow => ({ at: t0 + at * 1000, deployment: 'blue', instance: 'blue-1', name, message, properties: { container: 'srv', ...properties } });
const start = (attempt: number, at: number, outcome: string): EventRow[] => [
  event(at, 'Created'),
  event(at, 'Started', 'Started', { attempt }),
  event(at + 2, 'StartPhase', '', { attempt, phase: 'container_start', outcome, seconds: 2, startedAt: new Date(t0 + at * 1000).toISOString() }),
  event(at + 10, 'StartPhase', '', { attempt, phase: 'total', outcome, seconds: 10, startedAt: new Date(t0 + at * 1000).toISOString() }),
];
const known = { endpoint: 'fraud', events: [], alerts: [], rules: [], images: [] };
const iso = (at: number) => new Date(t0 + at * 1000).toISOString();

describe('happeningsOf', () => {
  it('makes one of the events of a start, with its phases', () => {
    const [one, ...rest] = happeningsOf({ ...known, events: start(4, 60, 'success') }, span);
    expect(rest).toEqual([]);
    expect(one).toMatchObject({ lane: 'start', at: t0 + 60_000, until: t0 + 70_000, who: 'blue-1', scope: 'fraud/blue/blue-1', bad: false, phases: [{ name: 'container_start', ms: 2000, failed: false }] });
    expect(one?.text.replace(/\u00a0/g, ' ')).toBe('Start 4 of srv was ready after 10 s');
  });

  it('tells good ends from bad ones', () => {
    const list = happeningsOf({ ...known, events: [event(1, 'Exited', 'ended', { exitCode: 0 }), event(2, 'Exited', 'crashed', { exitCode: 1 }), event(3, 'ReadinessProbeFailed', 'not ready'), event(4, 'Something')] }, span);
    expect(list.map((h) => [h.lane, h.text, h.bad])).toEqual([
      ['event', 'Something', false],
      ['event', 'not ready', true],
      ['restart', 'crashed', true],
      ['restart', 'ended', false],
    ]);
  });

  it.each([
    ['Exited', { reason: 'crash', signal: 'SIGSEGV' }, true],
    ['Exited', { reason: 'signal', signal: 'SIGKILL' }, true],
    ['Exited', { reason: 'signal', exitCode: 143 }, true],
    ['Exited', { reason: 'liveness', exitCode: 0 }, true],
    ['Exited', { reason: 'manual', exitCode: 143 }, false],
    ['Exited', { reason: 'manual', signal: 'SIGTERM' }, false],
    ['Exited', { reason: 'exit', exitCode: 0 }, false],
    ['Exited', { reason: 'unknown' }, false],
    ['Terminated', { reason: 'Error', exitCode: 1 }, true],
    ['Terminated', { reason: 'Completed', exitCode: 0 }, false],
    ['OOMKilled', { reason: 'OOMKilled', exitCode: 137 }, true],
  ])('knows whether %s with %o is a bad end', (name, properties, bad) => {
    expect(happeningsOf({ ...known, events: [event(1, name, '', properties)] }, span)).toMatchObject([{ lane: 'restart', ended: true, bad }]);
  });

  it('takes the parts of a start as one, with their number or without', () => {
    const pod = ['Scheduled', 'Pulling', 'Pulled', 'Created', 'Started'].map((name, i) => event(50 + i, name));
    const list = happeningsOf({ ...known, events: [...pod, ...start(1, 60, 'success'), event(900, 'Ready', 'is ready again')] }, span);
    expect(list.map((h) => h.lane)).toEqual(['event', 'start', 'event', 'event', 'event', 'event']);
    expect(happenedVerdict(list).text.replace(/\u00a0/g, ' ')).toBe('1 start, the slowest took 10 s.');
  });

  it('does not know how long a start takes that goes on', () => {
    const list = happeningsOf({ ...known, events: [event(60, 'Started', 'Started', { attempt: 1 })] }, span);
    expect(list[0]).not.toHaveProperty('until');
    expect(happenedVerdict(list).text).toBe('1 start.');
  });

  it('has alerts, rules and images of its time', () => {
    const list = happeningsOf(
      {
        ...known,
        alerts: [
          { id: 'a1', scope: 'fraud/blue', summary: 'slow', firedDateTime: iso(100), resolvedDateTime: iso(200) },
          { id: 'a0', summary: 'old', firedDateTime: iso(-900), resolvedDateTime: iso(-800) },
        ],
        rules: [
          { name: 'slow', version: 3, updatedBy: 'ann', createdTime: iso(-9000), lastUpdatedTime: iso(300) },
          { name: 'old', version: 1, createdTime: iso(-9000), lastUpdatedTime: iso(-9000) },
        ],
        images: [
          { deployment: 'blue', container: 'srv', image: 'm:1', first: t0, last: t0 + 400_000 },
          { deployment: 'blue', container: 'srv', image: 'm:2', first: t0 + 400_000, last: t0 + 900_000 },
        ],
      },
      span,
    );
    expect(list.map((h) => [h.lane, h.text])).toEqual([
      ['change', 'srv of blue runs m:2, before m:1'],
      ['change', 'Alert rule slow was changed (version 3) by ann'],
      ['alert', 'slow'],
    ]);
    expect(list[2]).toMatchObject({ to: '/alerts/a1', until: t0 + 200_000 });
  });
});

it('knows which alerts were open in a time', () => {
  const alerts = [
    { id: 'fired long before, open still', firedDateTime: iso(-90_000) },
    { id: 'resolved in it', firedDateTime: iso(-900), resolvedDateTime: iso(10) },
    { id: 'lasted all of it', firedDateTime: iso(-900), resolvedDateTime: iso(9000) },
    { id: 'fired in it', firedDateTime: iso(100), resolvedDateTime: iso(9000) },
    { id: 'over before', firedDateTime: iso(-900), resolvedDateTime: iso(-800) },
    { id: 'a moment before', firedDateTime: iso(-900), stateless: true },
    { id: 'fired after', firedDateTime: iso(3601) },
  ];
  expect(alertsWithin([...alerts, ...alerts], span)).toEqual(alerts.slice(0, 4));
});

it('marks a crash loop once', () => {
  const events = [1, 5, 9, 14].map((at) => event(at, 'Exited', 'crashed', { exitCode: 1 }));
  const list = happeningsOf({ ...known, events: [...events, event(1800, 'Exited', 'later', { exitCode: 1 }), event(1900, 'Quiet')] }, span);
  expect(marksOf(list, span).map((m) => m.label)).toEqual(['blue-1: crashed (and 3 more)', 'blue-1: later']);
});

it('puts what is near into one sign', () => {
  const list = happeningsOf({ ...known, events: [event(0, 'Exited', 'a', { exitCode: 0 }), event(10, 'Exited', 'b', { exitCode: 1 }), event(1800, 'Exited', 'c', { exitCode: 0 })] }, span);
  expect(signsOf(list, span).map((s) => [s.from, s.of.length, s.bad])).toEqual([
    [0, 2, true],
    [0.5, 1, false],
  ]);
});

describe('happenedVerdict', () => {
  it('counts', () => {
    const list = happeningsOf({ ...known, events: [...start(1, 60, 'failure'), ...start(2, 120, 'success'), event(70, 'Exited', 'crashed', { exitCode: 1 })], alerts: [{ summary: 'x', firedDateTime: iso(5) }] }, span);
    const v = happenedVerdict(list);
    expect(`${v.kind}: ${v.text.replace(/\u00a0/g, ' ')}`).toBe('warning: 1 alert fired; 2 starts of which 1 failed, the slowest took 10 s; blue-1 ended badly once.');
  });
  it.each([
    [[5, 6], '2 alerts fired.'],
    [[5, -5], '1 alert fired, 1 was open already.'],
    [[5, -5, -6], '1 alert fired, 2 were open already.'],
    [[-5], '1 alert was open already.'],
    [[-5, -6], '2 alerts were open already.'],
  ])('tells alerts that fired at %o s from those that were open', (fired, text) => {
    const alerts = fired.map((at) => ({ summary: 'x', firedDateTime: iso(at) }));
    expect(happenedVerdict(happeningsOf({ ...known, alerts }, span)).text).toBe(text);
  });
  it('counts ends by Kubernetes and by signals', () => {
    const of = (name: string, properties: Record<string, unknown>) => happenedVerdict(happeningsOf({ ...known, events: [event(1, name, '', properties), event(2, name, '', properties)] }, span)).text;
    expect(of('Terminated', { reason: 'Error', exitCode: 1 })).toBe('Blue-1 ended badly 2 times.');
    expect(of('Exited', { reason: 'crash', signal: 'SIGSEGV' })).toBe('Blue-1 ended badly 2 times.');
    expect(of('Exited', { reason: 'manual', exitCode: 143 })).toBe('2 events.');
  });
  it('says that nothing happened', () => {
    expect(happenedVerdict([])).toEqual({ kind: 'none', text: 'Nothing started, ended, fired or was changed in this time.' });
  });
  it('does not say so where it did not look', () => {
    const failed = { data: undefined, error: new Error('x') };
    const gaps = gapsOf([
      { what: 'alerts', asked: failed },
      { what: 'rules', asked: { data: undefined, error: null } },
      { what: 'images', asked: { data: { skipped: true }, error: null }, skipped: 'Images are not looked for.' },
      { what: 'events', asked: { data: { cut: true }, error: null } },
      { what: 'others', asked: { data: { cut: false }, error: null } },
    ]);
    expect(gaps).toEqual(['Could not look for alerts: unexpected error.', 'Still looking for rules.', 'Images are not looked for.', 'There are more events than are shown. A shorter time shows all.']);
    expect(happenedVerdict([], gaps.slice(0, 1)).text).toBe('Nothing was found in this time, but not all is known. Could not look for alerts: unexpected error.');
    const some = happeningsOf({ ...known, events: [event(4, 'Something')] }, span);
    expect(happenedVerdict(some, gaps.slice(2, 3)).text).toBe('1 event. Images are not looked for.');
  });
});
