import { describe, expect, it } from 'vitest';
import { binWidth, timespanLiteral } from './bins';

it.each([
  ['30s', 30_000],
  ['1m', 60_000],
  ['5min', 300_000],
  ['1h', 3_600_000],
  ['1.5h', 5_400_000],
  ['1d', 86_400_000],
  ['7days', 604_800_000],
  ['100ms', 100],
  ['1.1s', 1100],
  ['0s', undefined],
  ['0.5ms', undefined],
  ['10', undefined],
  ['1w', undefined],
] as const)('%s is %s ms', (literal, ms) => expect(timespanLiteral(literal)).toBe(ms));

describe('the width of bins', () => {
  it.each([
    ['T | summarize count() by Name, bin(TimeGenerated,1m)', 60_000],
    ['T | summarize count() by bin( TimeGenerated , 100ms ), Name', 100],
    ['T | summarize count() by bin_at(TimeGenerated, 1d, datetime(2026-03-01))', 86_400_000],
    ['T | summarize count() by TimeGenerated = floor(todatetime(At), 5m)', 300_000],
    ['let width = 30s;\nT | summarize count() by bin(TimeGenerated, width)', 30_000],
    ['T | make-series N = count() default=0 on TimeGenerated from ago(1h) to now() step 5m by Name', 300_000],
    ['T | make-series count() on TimeGenerated step 1h', 3_600_000],
    ['T | where Message != "bin(TimeGenerated, 1h)" // bin(TimeGenerated, 1d)\n| summarize count() by bin(TimeGenerated, 1m)', 60_000],
    ['T | project TimeGenerated, N', undefined],
    ['T | summarize count() by Minute = bin(TimeGenerated, 1m)', undefined],
    ['T | summarize count() by bin(At, 1m)', undefined],
    ['T | summarize count() by bin(TimeGenerated, 1m) | summarize max(count_) by bin(TimeGenerated, 1h)', undefined],
    ['T | summarize count() by bin(TimeGenerated, toscalar(W))', undefined],
  ])('%s', (query, width) => expect(binWidth(query, 'TimeGenerated')).toBe(width));

  it('is that of the column with its new name', () => expect(binWidth('T | summarize count() by Minute = bin(TimeGenerated, 1m)', 'Minute')).toBe(60_000));
});
