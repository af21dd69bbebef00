import { Group, Select } from '@mantine/core';
import { formatDuration, formatValue } from '@/lib/units';
import { levelOf } from '@/lib/scope';
import { formatLength, parseLength, second } from '@/lib/time';
import { percentiles, isPercentile } from './durations';
import { FilterInput } from './FilterInput';
import { ScopeSelect } from './ScopeSelect';
import { lengths, overs, type LiveView } from './view';

const leasts = ['50ms', '100ms', '250ms', '500ms', '1s', '2s', '5s', '10s', '30s'];

interface Props {
  view: LiveView;
  onChange: (part: Partial<LiveView>) => void;
  /** What the server says is wrong with the filter. */
  mistake?: string | undefined;
}

/** What is watched, and how it is shown. */
export function Controls({ view, onChange, mistake }: Props) {
  const level = levelOf(view.scope);
  const splits = [
    { value: 'none', label: 'All together' },
    ...(level === 'endpoint' ? [{ value: 'children', label: view.scope === '*' ? 'By endpoint' : 'By deployment' }] : []),
    ...(level === 'instance' ? [] : [{ value: 'instances', label: 'By instance' }]),
  ];
  // Below a deployment are instances either way.
  const split = view.split === 'children' && level !== 'endpoint' ? 'instances' : view.split;
  return (
    <Group gap="xs" align="flex-start" role="group" aria-label="What is watched">
      <ScopeSelect value={view.scope} onChange={(scope) => onChange({ scope })} />
      <FilterInput value={view.filter} onChange={(filter) => onChange({ filter })} error={mistake} />
      <Select
        size="xs"
        w={150}
        aria-label="Shortest duration"
        title="Only requests that last at least so long count"
        data={[{ value: '', label: 'Of any duration' }, ...[...new Set([...leasts, view.least])].filter((l) => l !== '').map((l) => ({ value: l, label: `At least ${l}` }))]}
        value={view.least}
        onChange={(least) => onChange({ least: least ?? '' })}
        allowDeselect={false}
      />
      <Select size="xs" w={140} aria-label="Split" title="How the charts are split" data={splits} value={splits.some((s) => s.value === split) ? split : 'none'} onChange={(s) => onChange({ split: s === 'children' || s === 'instances' ? s : 'none' })} allowDeselect={false} />
      {view.split !== 'none' && (
        <Select
          size="xs"
          w={76}
          aria-label="Percentile"
          title="The percentile of the durations by which parts are compared"
          data={percentiles.map((p) => ({ value: p.key, label: p.label }))}
          value={view.percentile}
          onChange={(p) => p !== null && isPercentile(p) && onChange({ percentile: p })}
          allowDeselect={false}
        />
      )}
      <Select
        size="xs"
        w={130}
        aria-label="Figures of the last"
        title="Over how many seconds figures and percentiles are. The charts of requests show each second by itself"
        data={overs.map((o) => ({ value: formatLength(o), label: o === second ? 'Over 1 s' : `Over ${formatDuration(o)}` }))}
        value={formatLength(view.over)}
        onChange={(o) => onChange({ over: parseLength(o ?? '') ?? view.over })}
        allowDeselect={false}
      />
      <Select
        size="xs"
        w={120}
        aria-label="Charts of the last"
        data={lengths.map((l) => ({ value: formatLength(l), label: `Last ${formatValue(l / 60_000, 'Count')} min` }))}
        value={formatLength(view.length)}
        onChange={(l) => onChange({ length: parseLength(l ?? '') ?? view.length })}
        allowDeselect={false}
      />
    </Group>
  );
}
