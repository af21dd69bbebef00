import { SegmentedControl } from '@mantine/core';
import type { Mark } from '@/components/chart/model';
import { MetricPanel } from '@/panels/MetricPanel';
import { useParamState } from '@/view/params';

export type Look = 'lines' | 'heat';

/** From so many instances on, lines are a tangle. */
const manyInstances = 8;
const mostLines = 10;
const mostRows = 200;

/** How charts by instance are drawn: in the URL, or as fits their number. */
export function useLook(instances: number): [Look, (look: Look) => void] {
  const { params, set } = useParamState();
  const text = params.get('by');
  const usual: Look = instances > manyInstances ? 'heat' : 'lines';
  return [text === 'lines' || text === 'heat' ? text : usual, (look) => set({ by: look === usual ? null : look })];
}

export function LookSwitch({ look, onChange }: { look: Look; onChange: (look: Look) => void }) {
  return (
    <SegmentedControl
      size="xs"
      value={look}
      onChange={(v) => onChange(v === 'heat' ? 'heat' : 'lines')}
      aria-label="Charts by instance"
      data={[
        { value: 'lines', label: 'Lines' },
        { value: 'heat', label: 'Heat map' },
      ]}
    />
  );
}

interface Props {
  title: string;
  hint?: string;
  scope: string;
  metric: string;
  look: Look;
  marks?: readonly Mark[];
  empty: string;
  /** What tells its lines apart; instances by default. */
  split?: string;
}

/** A metric of each instance of a scope: lines for the greatest, or a heat map of all. */
export function ByInstance({ look, marks = [], split = 'instanceId', ...rest }: Props) {
  return look === 'heat' ? <MetricPanel {...rest} split={split} kind="heat" top={mostRows} height={160} /> : <MetricPanel {...rest} split={split} top={mostLines} marks={marks} height={160} />;
}
