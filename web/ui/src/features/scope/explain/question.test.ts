import { describe, expect, it } from 'vitest';
import { askingOf, questionOf } from './question';

const of = (text: string) => askingOf(new URLSearchParams(text));
const bare = { aggregation: '', filter: '', baseline: undefined };

describe('askingOf', () => {
  it.each([
    ['', undefined],
    ['explain=0', undefined],
    ['explain=1', { ...bare, metric: 'RequestLatency_P99' }],
    ['explain=1&metric=ErrorRatio', { ...bare, metric: 'ErrorRatio' }],
    ['explain=ErrorRatio&metric=CpuUtilizationPercentage&aggregation=Maximum', { ...bare, metric: 'ErrorRatio' }],
    ['explain=1&metric=%22%3E%3Cscript%3E', { ...bare, metric: 'RequestLatency_P99' }],
  ])('%s', (text, want) => {
    expect(of(text)).toEqual(want);
  });

  it('reads the link of an alert', () => {
    expect(of("explain=1&metric=RequestLatency_P99&aggregation=Average&filter=statusCode eq '200'&baselineStart=2026-03-01T10:00:00Z&baselineEnd=2026-03-01T10:15:00Z")).toEqual({
      metric: 'RequestLatency_P99',
      aggregation: 'Average',
      filter: "statusCode eq '200'",
      baseline: { start: Date.parse('2026-03-01T10:00:00Z'), end: Date.parse('2026-03-01T10:15:00Z') },
    });
  });
});

describe('questionOf', () => {
  const span = { start: 2_000_000, end: 3_000_000 };
  it('compares with what the page compares with', () => {
    expect(questionOf('a', { ...bare, metric: 'M' }, span, '')).toEqual({ scope: 'a', metric: 'M', start: 2000, end: 3000, baseline: 'previous' });
    expect(questionOf('a', { ...bare, metric: 'M' }, span, '1d')).toMatchObject({ baseline: '1d' });
  });
  it("has a link's baseline while it fits", () => {
    const asking = { ...bare, metric: 'M', baseline: { start: 1_000_000, end: 2_000_000 } };
    expect(questionOf('a', asking, span, '')).toMatchObject({ baselineStart: '1970-01-01T00:16:40Z', baselineEnd: '1970-01-01T00:33:20Z' });
    expect(questionOf('a', asking, { start: 1_500_000, end: 3_000_000 }, '')).toMatchObject({ baseline: 'previous' });
  });
});
