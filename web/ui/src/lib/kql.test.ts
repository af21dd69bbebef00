import { describe, expect, it } from 'vitest';
import { asOneBlock, blockAt, blocksOf, boundsTime, parseTimespan, quote, timespanOf } from './kql';
import { hour } from './time';

const text = '// first\nA | count\n\n\nB\n| take 1\n\n// only words\n';

describe('blocks', () => {
  it('are parted by blank lines, and those of comments alone are none', () => {
    expect(blocksOf(text)).toEqual([
      { text: '// first\nA | count', line: 1 },
      { text: 'B\n| take 1', line: 5 },
    ]);
    expect(blocksOf('  \n')).toEqual([]);
  });

  it.each([
    [1, 1],
    [3, 1],
    [5, 5],
    [8, 5],
  ])('line %d is of the block at line %d', (line, want) => expect(blockAt(text, line)?.line).toBe(want));

  it('begin with the first where the cursor is above it', () => expect(blockAt('\n\nA', 1)).toEqual({ text: 'A', line: 3 }));

  it.each([
    ['let a = 1;\n\nT | take a', 'let a = 1;\n//\nT | take a'],
    ['\n\nT\r\n| count \n', 'T\n| count'],
    ['T', 'T'],
  ])('%j as one', (query, want) => {
    expect(asOneBlock(query)).toBe(want);
    expect(blocksOf(asOneBlock(query))).toHaveLength(1);
  });
});

it('quotes what a text may hold', () => expect(quote('a "b" \\ c\nd')).toBe('"a \\"b\\" \\\\ c\\nd"'));

describe('timespans', () => {
  const start = Date.parse('2026-03-01T10:00:00Z');
  it.each([
    ['2026-03-01T10:00:00Z/2026-03-01T11:00:00Z', { kind: 'absolute', start, end: start + hour }],
    ['2026-03-01T10:00:00Z/PT1H', { kind: 'absolute', start, end: start + hour }],
    ['PT1H/2026-03-01T11:00:00Z', { kind: 'absolute', start, end: start + hour }],
    ['PT1H', { kind: 'relative', length: hour }],
    ['P1DT12H', { kind: 'relative', length: 36 * hour }],
    ['2026-03-01T11:00:00Z/2026-03-01T10:00:00Z', undefined],
    ['yesterday', undefined],
    ['P', undefined],
  ])('%s', (given, want) => expect(parseTimespan(given)).toEqual(want));

  it('are written as they are read', () => expect(parseTimespan(timespanOf({ start, end: start + hour }))).toEqual({ kind: 'absolute', start, end: start + hour }));
});

it.each([
  ['T | where TimeGenerated > ago(1d)', true],
  ['T | where TimeGenerated between (datetime(2026-01-01) .. now())', true],
  ['T | summarize count() by bin(TimeGenerated, 5m)', false],
  ['T // where TimeGenerated > ago(1d)', false],
  ['T | project TimeGenerated | extend A = ago(1d)', false],
])('whether %s bounds the time', (query, want) => expect(boundsTime(query)).toBe(want));
