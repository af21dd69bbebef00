import { formatValue } from '@/lib/units';
import type { Summary } from '../summary';
import { countOf, none, sentence, type Verdict } from './verdict';

/** How fast does it generate? The wait for the first token, the pace of the others, and how many there are. */
export function generateVerdict(summary: Summary): Verdict {
  const first = summary('TimeToFirstToken_P50').now ?? summary('ModelTimeToFirstToken_P50').now;
  const late = summary('TimeToFirstToken_P99').now;
  const gap = summary('InterTokenLatency_P50').now ?? summary('ModelInterTokenLatency_P50').now;
  const tokens = summary('TokensPerSecond').now;
  if (first === null && gap === null && tokens === null) return none('It makes no tokens, or nothing has told of them yet.');
  const parts = [
    first === null ? '' : `half of the answers begin within ${formatValue(first, 'Milliseconds')}${late === null ? '' : `, 99 of 100 within ${formatValue(late, 'Milliseconds')}`}`,
    gap === null ? '' : `then a token every ${formatValue(gap, 'Milliseconds')}`,
    tokens === null ? '' : `${formatValue(tokens, 'CountPerSecond')} tokens are read and written`,
  ];
  return { kind: 'info', text: sentence(parts) };
}

/** Is the cache working? */
export function cacheVerdict(summary: Summary): Verdict {
  const hits = summary('PrefixCacheHitRatio').now;
  const full = summary('CacheUtilization').now;
  const preempted = summary('ModelPreemptions').now ?? 0;
  if (hits === null && full === null) return none('The model server tells nothing of a cache.');
  const parts = [
    preempted >= 1 ? `${countOf(preempted, 'request')} had to be put back for want of cache` : '',
    hits === null ? '' : `${formatValue(hits, 'Ratio')} of what was looked up was there`,
    full === null ? '' : `it is ${formatValue(full, 'Percent')} full`,
  ];
  return { kind: preempted >= 1 || (full !== null && full > 95) ? 'warning' : 'info', text: sentence(parts) };
}

/** Is the GPU doing work? Busy is not working: its units are looked at before GPU_UTIL. */
export function gpuVerdict(summary: Summary): Verdict {
  const busy = summary('GpuUtilizationPercentage').now;
  const sm = summary('GpuSmActivity').now;
  const tensor = summary('GpuTensorActivity').now;
  const dram = summary('GpuDramActivity').now;
  const throttled = summary('GpuThrottleRatio').now;
  const idle = idleShare(summary);
  if (busy === null && sm === null) return none('No agent told of a GPU here in this time.');
  // Reasons overlap and are added up.
  if (throttled !== null && throttled >= 0.05) return { kind: 'warning', text: `Its clocks were held back for up to ${formatValue(Math.min(1, throttled), 'Ratio')} of the time: see the reasons below.` };
  if ((sm ?? busy ?? 0) < 2 && (busy ?? 0) < 5) return { kind: 'info', text: `It was nearly idle: ${formatValue(busy ?? sm, 'Percent')} ${busy === null ? 'of its units work' : 'of the time busy'}.` };
  if (busy !== null && sm !== null && busy > 50 && sm < busy / 3) {
    return { kind: 'warning', text: `Busy ${formatValue(busy, 'Percent')} of the time, yet ${formatValue(sm, 'Percent')} of its units work: small batches, or waiting for data.` };
  }
  const unused = idle !== null && idle >= 0.05 ? `${formatValue(idle, 'Ratio')} of its GPU time was idle` : '';
  const kind = idle !== null && idle >= 0.5 ? 'warning' : 'info';
  if (sm === null) return { kind, text: sentence([`busy ${formatValue(busy, 'Percent')} of the time`, unused, 'this GPU does not tell how many of its units work']) };
  return {
    kind,
    text: sentence([`${formatValue(sm, 'Percent')} of its multiprocessors work`, tensor === null ? '' : `its tensor cores ${formatValue(tensor, 'Percent')} of the time`, dram === null ? '' : `its memory moves ${formatValue(dram, 'Percent')} of what it could`, busy === null ? '' : `GPU_UTIL says ${formatValue(busy, 'Percent')}`, unused]),
  };
}

/** The part of the GPU time held in which nothing was bound to a GPU, or what was bound did nothing. */
function idleShare(summary: Summary): number | null {
  const [held, idle] = [summary('GpuHours').now, summary('IdleGpuHours').now];
  return held === null || idle === null || held === 0 ? null : idle / held;
}
