import { describe, expect, it } from 'vitest';
import type { Member } from '../family';
import { nothing } from '../summary';
import { differenceVerdict, traitChange, traitsOf } from './difference';

function member(scope: string, readings: Record<string, number | null>, requests: number | null = 1000): Member {
  const parts = scope.split('/');
  return { scope, name: parts.at(-1) ?? '', parent: parts.slice(0, -1).join('/'), requests, readings: (m) => (readings[m] == null ? nothing : { now: readings[m], before: null }) };
}
const instance = (name: string, p99: number | null, errors: number | null = 0, requests: number | null = 1000) => member(`e/${name.split('-')[0] ?? ''}/${name}`, { RequestLatency_P99: p99, RequestLatency_P50: p99 === null ? null : p99 / 4, ErrorRatio: errors }, requests);
const deployment = (name: string, p99: number) => member(`e/${name}`, { RequestLatency_P99: p99, ErrorRatio: 0 });
const said = (instances: Member[], deployments: Member[] = []) => {
  const v = differenceVerdict(instances, deployments);
  return `${v.kind}: ${v.text.replace(/\u00a0/g, ' ')}`;
};

describe('differenceVerdict', () => {
  it.each([
    ['one', [instance('a-1', 1)], 'none: There is only one instance.'],
    ['the slow one', [instance('a-1', 300), instance('a-2', 4100), instance('a-3', 310)], 'critical: a-2 is slower: P99 4.1 s, the others 305 ms.'],
    ['alike', [instance('a-1', 300), instance('a-2', 310)], 'ok: 2 instances are alike.'],
    ['the failing one', [instance('a-1', 300, 0.4), instance('a-2', 310)], 'critical: a-1 fails more: 40 % of its requests, the others 0 %.'],
    ['few failures', [instance('a-1', 300, 0.04, 100), instance('a-2', 310, 0, 100)], 'ok: 2 instances are alike.'],
    ['tiny values', [instance('a-1', 0.1, 0.005), instance('a-2', 0.01)], 'ok: 2 instances are alike.'],
    ['idle', [instance('a-1', null, null, 0), instance('a-2', null, null, 0)], 'none: No request was measured in this time.'],
    ['few requests', [instance('a-1', 900, 0, 5), instance('a-2', 10, 0, 5)], 'none: Fewer than 20 requests each: too few to compare.'],
    ['one has traffic', [instance('a-1', 100), instance('a-2', null, null, 0)], 'none: Only one instance had enough requests to be compared.'],
    ['one without', [instance('a-1', 100), instance('a-2', 100), instance('a-3', null, null, 0)], 'ok: 2 instances are alike; 1 had too few requests.'],
  ] as [string, Member[], string][])('%s', (_, instances, want) => {
    expect(said(instances)).toBe(want);
  });

  it('does not blame an instance for its version', () => {
    const all = [instance('blue-1', 100), instance('blue-2', 102), instance('green-1', 290), instance('green-2', 300)];
    expect(said(all, [deployment('blue', 101), deployment('green', 295)])).toBe('warning: green is slower: P99 295 ms, the others 101 ms. Its instances are alike.');
    expect(said(all, [deployment('blue', 101), deployment('green', 120)])).toBe('ok: 4 instances are alike.');
  });

  it('finds the odd one within its deployment', () => {
    const all = [instance('blue-1', 100), instance('blue-2', 102), instance('green-1', 110), instance('green-2', 300)];
    expect(differenceVerdict(all, []).who?.name).toBe('green-2');
  });
});

describe('traitsOf', () => {
  const slow = member('e/d/a', { RequestLatency_P99: 340, ModelLatency: 128, CpuUtilizationPercentage: 62, GpuTemperature: 84, GpuClock: 9e8, ErrorRatio: 0.05, InstanceRestarts: 3 });
  const others = [member('e/d/b', { RequestLatency_P99: 92, ModelLatency: 28, CpuUtilizationPercentage: 60, GpuTemperature: 61, GpuClock: 1.7e9, ErrorRatio: 0.055, InstanceRestarts: 0 })];
  it('has what is most different first, and what is alike apart', () => {
    const traits = traitsOf(slow, others);
    expect(traits.filter((t) => t.striking).map((t) => [t.metric, traitChange(t).replace(/\u00a0/g, ' ')])).toEqual([
      ['ModelLatency', '×4.6'],
      ['RequestLatency_P99', '×3.7'],
      ['GpuTemperature', '+23 °C'],
      ['InstanceRestarts', '+3'],
      ['GpuClock', '×0.53'],
    ]);
    expect(traits.filter((t) => !t.striking).map((t) => t.metric)).toEqual(['ErrorRatio', 'CpuUtilizationPercentage']);
  });
  it('says nothing of what one of both lacks', () => {
    expect(traitsOf(slow, [member('e/d/b', {})])).toEqual([]);
  });
});
