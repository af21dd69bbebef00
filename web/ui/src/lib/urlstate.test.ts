import { describe, expect, it } from 'vitest';
import { carryView, defaultView, parseView, writeView } from './urlstate';

const view = (search: string) => parseView(new URLSearchParams(search));

describe('parseView', () => {
  it('is as by default without parameters', () => {
    expect(view('')).toEqual(defaultView);
  });

  it('reads what writeView wrote', () => {
    for (const search of ['last=7d&refresh=30s&compare=1d', 'start=2026-03-01T10:00:00Z&end=2026-03-01T11:00:00Z&utc=1', 'refresh=off']) {
      const written = writeView(new URLSearchParams(), view(search));
      expect(decodeURIComponent(written.toString())).toBe(search);
    }
  });

  it.each(['last=nonsense', 'start=2026-03-01T10:00:00Z', 'start=2026-03-01T10:00:00Z&end=2026-02-01T10:00:00Z', 'compare=then', 'refresh=x'])(
    'opens %s as by default',
    (search) => {
      expect(view(search)).toEqual(defaultView);
    },
  );

  it('does not refresh a fixed range', () => {
    expect(view('start=2026-03-01T10:00:00Z&end=2026-03-01T11:00:00Z').refresh).toBe(0);
  });

  it('refreshes at most once a second', () => {
    expect(view('refresh=0.1s').refresh).toBe(1000);
  });
});

it.each([
  ['metric=RequestLatency', 'metric=RequestLatency&utc=1'],
  ['metric=RequestLatency&last=4h', 'metric=RequestLatency&last=1h&utc=1'],
  ['start=2026-03-01T10:00:00Z&end=2026-03-01T11:00:00Z', 'last=1h&utc=1'],
  ['refresh=1m', 'utc=1&refresh=10s'],
])('writes what is as by default only where %s spoke of it, and leaves others alone', (search, want) => {
  expect(writeView(new URLSearchParams(search), { ...defaultView, utc: true }).toString()).toBe(want);
});

it('carries the view to other pages, and nothing else', () => {
  expect(carryView(new URLSearchParams('last=4h&filter=x&utc=1'), { metric: 'A' })).toBe('?last=4h&utc=1&metric=A');
  expect(carryView(new URLSearchParams('filter=x'))).toBe('');
});
