import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import { DataTable, sortRows, type Column } from '@/components/DataTable';
import { Figure } from '@/components/Figure';
import { Panel } from '@/components/Panel';
import { Status } from '@/components/Status';
import { scopePath } from '@/lib/scope';
import { formatDuration } from '@/lib/units';
import { useSort } from '@/view/params';
import { ViewLink } from '@/view/ViewLink';
import { failureShare } from './figures';
import { critical, Percentile } from './Headline';
import type { InstanceRow } from './instances';
import { silentWords } from './words';

const usual = 50;

interface Props {
  rows: readonly InstanceRow[];
  /** How many instances are not named, as there are so many. */
  omitted: number;
  over: number;
}

/** The instances with what they did of late. Their order stands still while somebody points at them. */
export function InstanceTable({ rows, omitted, over }: Props) {
  const [sort, setSort] = useSort({ key: 'rate', descending: true });
  const [all, setAll] = useState(false);
  const [touched, setTouched] = useState(false);
  const [ranked, setRanked] = useState(rows);
  if (!touched && ranked !== rows) setRanked(rows);
  const window = formatDuration(over);
  const columns = useMemo(() => columnsOf(ranked, window), [ranked, window]);
  const sorted = useMemo(() => sortRows(rows, columns, sort, (r) => r.scope), [rows, columns, sort]);
  const shown = all ? sorted : sorted.slice(0, usual);
  return (
    <div onPointerEnter={() => setTouched(true)} onPointerLeave={() => setTouched(false)} onFocus={() => setTouched(true)} onBlur={() => setTouched(false)}>
      <Panel
        title="Instances"
        hint={`Each over the last ${window}. The order stands still while you point at it.`}
        asked={{ data: shown, error: null, dataUpdatedAt: 0, refetch: () => undefined }}
        isEmpty={(list) => list.length === 0}
        empty={`No instance answered in the last ${window}.`}
        truncated={() => (omitted > 0 ? `${omitted.toLocaleString('en-US')} more instances with fewer requests are not named (live.max_rows).` : undefined)}
        height={80}
      >
        {(list) => (
          <>
            <DataTable label="Instances" columns={columns} rows={list} rowKey={(r) => r.scope} sort={sort} onSort={setSort} />
            {rows.length > usual && (
              <Button size="compact-xs" variant="subtle" onClick={() => setAll(!all)}>
                {all ? `Show the first ${usual}` : `Show all ${rows.length.toLocaleString('en-US')}`}
              </Button>
            )}
          </>
        )}
      </Panel>
    </div>
  );
}

/** Sorted by what the rows were when the order was last made. */
function columnsOf(ranked: readonly InstanceRow[], window: string): Column<InstanceRow>[] {
  const by = new Map(ranked.map((r) => [r.scope, r]));
  const rank = (value: (r: InstanceRow) => number | string | null) => (row: InstanceRow) => value(by.get(row.scope) ?? row);
  return [
    { key: 'instance', label: 'Instance', value: (r) => r.scope, render: (r) => <ViewLink to={scopePath(r.scope)}>{r.scope}</ViewLink> },
    { key: 'state', label: 'State', value: rank((r) => r.silent ?? ''), render: (r) => <State row={r} /> },
    { key: 'rate', label: 'Requests', hint: 'Mean per second', numeric: true, value: rank((r) => r.figures.rate), render: (r) => <Figure value={r.figures.rate} unit="CountPerSecond" /> },
    { key: 'failed', label: 'Failed', numeric: true, value: rank((r) => failureShare(r.figures)), render: (r) => <Failed row={r} /> },
    { key: 'p50', label: 'P50', numeric: true, value: rank((r) => r.figures.duration.p50 ?? r.figures.longest), render: (r) => <Percentile figures={r.figures} percentile="p50" window={window} /> },
    { key: 'p99', label: 'P99', hint: 'Where there are fewer than 100 requests, the longest', numeric: true, value: rank((r) => r.figures.duration.p99 ?? r.figures.longest), render: (r) => <Percentile figures={r.figures} percentile="p99" window={window} /> },
    { key: 'underway', label: 'Under way', numeric: true, value: rank((r) => r.figures.inFlight), render: (r) => <Figure value={r.figures.inFlight} unit="Count" /> },
    { key: 'cpu', label: 'CPU', numeric: true, value: rank((r) => r.figures.cpu), render: (r) => <Figure value={r.figures.cpu} unit="Ratio" /> },
    { key: 'gpu', label: 'GPU', numeric: true, value: rank((r) => r.figures.gpu), render: (r) => <Figure value={r.figures.gpu} unit="Ratio" /> },
  ];
}

function Failed({ row }: { row: InstanceRow }) {
  return (
    <span style={(row.figures.failures ?? 0) > 0 ? critical : undefined}>
      <Figure value={failureShare(row.figures)} unit="Ratio" />
    </span>
  );
}

function State({ row }: { row: InstanceRow }) {
  if (row.silent !== undefined) {
    const { word, why } = silentWords[row.silent];
    return (
      <span title={why}>
        <Status kind={row.silent === 'missing' ? 'critical' : 'warning'}>{word}</Status>
      </span>
    );
  }
  if (row.late > 0) {
    return (
      <span title={`${row.late} of its seconds did not come in time`}>
        <Status kind="info">{`${row.late} s late`}</Status>
      </span>
    );
  }
  if (row.figures.requests === null) {
    return (
      <span title="It tells of no requests: this agent has no proxy. Where the instance has another agent with one, both have the same name and take turns; live.enabled: false is for the one without">
        <Status kind="info">no proxy</Status>
      </span>
    );
  }
  return <Status kind="ok">live</Status>;
}
