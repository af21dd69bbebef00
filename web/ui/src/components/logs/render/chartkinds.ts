/** The charts that rows can be drawn as. */

export const chartKinds = [
  { value: 'timechart', label: 'Lines over time' },
  { value: 'areachart', label: 'Areas over time' },
  { value: 'stackedareachart', label: 'Stacked areas' },
  { value: 'columnchart', label: 'Columns' },
  { value: 'barchart', label: 'Bars' },
  { value: 'piechart', label: 'Pie' },
  { value: 'scatterchart', label: 'Scatter' },
  { value: 'linechart', label: 'Lines' },
  { value: 'card', label: 'Card' },
] as const;

export type ChartName = (typeof chartKinds)[number]['value'];

/** The chart for a name of Kusto; undefined for those that are not drawn here. */
export function chartNamed(name: string): ChartName | undefined {
  if (name === 'anomalychart') return 'timechart';
  return chartKinds.find((k) => k.value === name)?.value;
}
