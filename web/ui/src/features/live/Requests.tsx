import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { DataTable, type Column } from '@/components/DataTable';
import { Figure } from '@/components/Figure';
import { Panel } from '@/components/Panel';
import { scopeName, scopePath } from '@/lib/scope';
import { formatInstant, formatUTC } from '@/lib/time';
import { ViewLink } from '@/view/ViewLink';
import { critical } from './Headline';
import { requestLogs, type Sampled } from './requests';

interface Props {
  title: string;
  hint: string;
  rows: readonly Sampled[];
  empty: ReactNode;
  truncated?: string | undefined;
  utc: boolean;
}

/** Some requests, each with the way to its rows of the logs. */
export function Requests({ title, hint, rows, empty, truncated, utc }: Props) {
  const columns: Column<Sampled>[] = [
    { key: 'time', label: 'Began', hint: 'By the clock of its instance', render: ({ at }) => <time dateTime={formatUTC(at)} title={formatUTC(at)}>{formatInstant(Math.floor(at / 1000) * 1000, utc, true)}</time> },
    { key: 'instance', label: 'Instance', render: ({ request: r }) => <ViewLink to={scopePath(r.scope)} title={r.scope}>{scopeName(r.scope)}</ViewLink> },
    { key: 'request', label: 'Request', render: ({ request: r }) => `${r.method} ${r.path}` },
    { key: 'status', label: 'Status', render: ({ request: r }) => <Answer sampled={r} /> },
    { key: 'duration', label: 'Duration', numeric: true, render: ({ request: r }) => <Figure value={r.duration_ms} unit="Milliseconds" /> },
    { key: 'logs', label: 'Logs', render: (s) => <Logs sampled={s} /> },
  ];
  return (
    <Panel title={title} hint={hint} asked={{ data: rows, error: null, dataUpdatedAt: 0, refetch: () => undefined }} isEmpty={(list) => list.length === 0} empty={empty} height={60} truncated={() => truncated}>
      {(list) => (
        <div style={{ maxHeight: 320, overflow: 'auto' }} tabIndex={0} role="group" aria-label={`Rows of ${title.toLowerCase()}`}>
          <DataTable label={title} columns={columns} rows={list} rowKey={(s) => s.key} />
        </div>
      )}
    </Panel>
  );
}

function Answer({ sampled: r }: { sampled: Sampled['request'] }) {
  const more = [r.model_status !== undefined && r.model_status !== r.status ? `model ${r.model_status}` : '', r.stream_error ?? '', r.reason ?? ''].filter((t) => t !== '');
  return (
    <>
      <span style={r.status >= 400 || r.stream_error !== undefined ? critical : undefined}>{r.status}</span>
      {more.length > 0 && (
        <Text span size="xs" c="dimmed" ml={6}>
          {more.join(' · ')}
        </Text>
      )}
    </>
  );
}

function Logs({ sampled }: { sampled: Sampled }) {
  const link = requestLogs(sampled);
  if (link === undefined) return <Text span size="sm" c="dimmed" title="It has no id">–</Text>;
  return (
    <ViewLink to={link.to} params={link.params} title={`Every row and line with ${sampled.request.request_id}; they come some seconds after the request`}>
      logs
    </ViewLink>
  );
}
