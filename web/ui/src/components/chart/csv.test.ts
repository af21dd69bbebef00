import { expect, it } from 'vitest';
import { chartCSV, fileName } from './csv';
import type { ChartData } from './model';

const colour = { light: '', dark: '' };
const data = (series: ChartData['series']): ChartData => ({ times: [0, 60_000], interval: 60_000, span: { start: 0, end: 120_000 }, unit: 'Count', series });

it('writes one line for each time, with no data as an empty field', () => {
  expect(chartCSV(data([{ key: 'a', label: 'blue', colour, values: [1.5, null] }]))).toBe('time,blue (Count)\r\n1970-01-01T00:00:00Z,1.5\r\n1970-01-01T00:01:00Z,\r\n');
});

it('has the past beside the present, and quotes what a spreadsheet would misread', () => {
  const text = chartCSV(data([{ key: 'a', label: '=x, "y"', colour, unit: '', values: [1, 2], past: [3, null] }]));
  expect(text.split('\r\n')[0]).toBe(`time,"'=x, ""y""","'=x, ""y"" before"`);
  expect(text.split('\r\n')[2]).toBe('1970-01-01T00:01:00Z,2,');
});

it('names files', () => {
  expect(fileName('P99 by instance · green!', 0, 'csv')).toBe('p99-by-instance-green-1970-01-01T000000Z.csv');
});
