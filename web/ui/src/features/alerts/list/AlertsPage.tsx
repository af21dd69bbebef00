import { Anchor, Button, Checkbox, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useDefinitions } from '@/api/hooks';
import { asProblem } from '@/api/problem';
import type { Alert } from '@/api/types';
import { DataTable, type Column } from '@/components/DataTable';
import { Panel, ProblemBox } from '@/components/Panel';
import { Status } from '@/components/Status';
import { formatAgo, formatInstant, formatUTC, day, rangeLabel } from '@/lib/time';
import { formatDuration } from '@/lib/units';
import { useParamState } from '@/view/params';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { AlertsHead } from '../AlertsHead';
import { useAlerts, useAlertsSummary, useChangeState } from '../queries';
import { alertSentence, dimensionText } from '../sentence';
import { SeverityLabel } from '../SeverityLabel';
import type { AlertState } from '../types';
import { useNow } from '@/view/now';
import { isNarrowed, narrowing, parseFilter } from './filter';
import { Filters } from './Filters';

/** Alerts: what is fired now, and what was. */
export function Component() {
  const { view, setRange } = usePageView();
  const { params, set } = useParamState();
  const filter = parseFilter(params);
  const asked = useAlerts(filter, view);
  const summary = useAlertsSummary(filter, view);
  const definitions = useDefinitions();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const alerts = asked.data?.pages.flatMap((p) => p.alerts) ?? [];
  const marked = alerts.flatMap((a) => (a.id !== undefined && chosen.includes(a.id) ? [a.id] : []));
  const clear = () => set(Object.fromEntries(narrowing.map((n) => [n, null])));
  const toggle = (id: string, on: boolean) => setChosen((before) => (on ? [...before, id] : before.filter((c) => c !== id)));

  const columns: Column<Alert>[] = [
    {
      key: 'chosen',
      label: 'choose',
      quiet: true,
      render: (a) => <Checkbox size="xs" aria-label={`Choose ${a.alertRule ?? ''} at ${a.scope ?? ''}`} checked={marked.includes(a.id ?? '')} onChange={(e) => toggle(a.id ?? '', e.currentTarget.checked)} />,
    },
    { key: 'severity', label: 'Severity', value: (a) => a.severity ?? 4, render: (a) => <SeverityLabel value={a.severity} /> },
    {
      key: 'rule',
      label: 'Alert',
      value: (a) => a.alertRule ?? '',
      render: (a) => (
        <div style={{ minWidth: 220 }}>
          <Anchor component={ViewLink} to={`/alerts/${encodeURIComponent(a.id ?? '')}`} fw={600} size="sm">
            {a.alertRule}
          </Anchor>
          <Text size="xs" c="dimmed">
            {alertSentence(a, definitions.data ?? [])}
          </Text>
        </div>
      ),
    },
    {
      key: 'where',
      label: 'Where',
      render: (a) => (
        <div>
          <Text size="sm">{a.scope}</Text>
          {dimensionText(a.dimensions) !== '' && (
            <Text size="xs" c="dimmed">
              {dimensionText(a.dimensions)}
            </Text>
          )}
        </div>
      ),
    },
    { key: 'firedAt', label: 'Fired', hint: 'The check at which it fired', value: (a) => a.firedDateTime ?? '', render: (a) => <Fired alert={a} utc={view.utc} /> },
    { key: 'condition', label: 'Condition', hint: 'What the system sees. It resolves by itself', render: (a) => <Condition alert={a} /> },
    { key: 'state', label: 'State', hint: 'What people say of it. It does not change the condition', render: (a) => <Text size="sm">{a.alertState}</Text> },
  ];
  const total = summary.isPlaceholderData ? undefined : summary.data?.total;

  return (
    <>
      <AlertsHead title="Alerts" timed />
      <Stack gap="sm">
        <Group gap="sm">
          <SegmentedControl
            size="xs"
            aria-label="Which alerts"
            value={filter.open ? 'open' : 'history'}
            onChange={(v) => set({ show: v === 'open' ? null : v })}
            data={[
              { value: 'open', label: 'Fired now' },
              { value: 'history', label: `Fired in: ${rangeLabel(view.range, view.utc).toLowerCase()}` },
            ]}
          />
          <Text size="xs" c="dimmed" role="status">
            {total !== undefined && `${total} ${total === 1 ? 'alert' : 'alerts'}`}
          </Text>
        </Group>
        <Filters filter={filter} summary={summary.data} onClear={clear} />
        {marked.length > 0 && <Chosen ids={marked} onDone={() => setChosen([])} />}
        <Panel
          asked={asked}
          height={240}
          isEmpty={(d) => d.pages.every((p) => p.alerts.length === 0)}
          empty={<Nothing filter={isNarrowed(filter)} open={filter.open} range={rangeLabel(view.range, view.utc)} onClear={clear} onLonger={() => setRange({ kind: 'relative', length: 7 * day })} />}
          truncated={() => (asked.hasNextPage && total !== undefined ? `Showing ${alerts.length} of ${total} alerts` : undefined)}
        >
          {() => (
            <>
              <DataTable
                label="Alerts"
                columns={columns}
                rows={alerts}
                rowKey={(a) => a.id ?? ''}
                sort={{ key: filter.sort, descending: !filter.ascending }}
                onSort={(s) => set({ sort: `${s.key !== filter.sort && s.key === 'firedAt' ? '-' : s.descending ? '-' : ''}${s.key}` })}
              />
              {asked.hasNextPage && (
                <Button mt="xs" size="xs" variant="default" loading={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
                  Show more
                </Button>
              )}
            </>
          )}
        </Panel>
      </Stack>
    </>
  );
}

function Fired({ alert, utc }: { alert: Alert; utc: boolean }) {
  const now = useNow();
  const at = Date.parse(alert.firedDateTime ?? '');
  if (Number.isNaN(at)) return null;
  return (
    <Text size="sm" title={`${formatInstant(at, utc)} · ${formatUTC(at)}`} style={{ whiteSpace: 'nowrap' }}>
      {formatAgo(at, now)}
    </Text>
  );
}

function Condition({ alert }: { alert: Alert }) {
  const [from, to] = [Date.parse(alert.firedDateTime ?? ''), Date.parse(alert.resolvedDateTime ?? '')];
  const resolved = alert.monitorCondition === 'Resolved';
  return (
    <Group gap={6}>
      <Status kind={resolved ? 'ok' : 'critical'}>{resolved ? 'Resolved' : 'Fired'}</Status>
      {resolved && !Number.isNaN(to) && (
        <Text size="xs" c="dimmed">
          after {formatDuration(to - from)}
        </Text>
      )}
      {alert.suppressed && (
        <Text size="xs" c="dimmed" title="A processing rule says that nobody is told">
          suppressed
        </Text>
      )}
    </Group>
  );
}

function Chosen({ ids, onDone }: { ids: string[]; onDone: () => void }) {
  const change = useChangeState();
  const to = (state: AlertState) => change.mutate({ ids, state }, { onSuccess: onDone });
  return (
    <Stack gap="xs">
      <Group gap="xs" role="group" aria-label="Chosen alerts">
        <Text size="sm">{ids.length} chosen:</Text>
        <Button size="compact-sm" loading={change.isPending} onClick={() => to('Acknowledged')}>
          Acknowledge
        </Button>
        <Button size="compact-sm" variant="default" disabled={change.isPending} onClick={() => to('Closed')}>
          Close
        </Button>
        <Button size="compact-sm" variant="default" disabled={change.isPending} onClick={() => to('New')}>
          Back to new
        </Button>
        <Button size="compact-sm" variant="subtle" onClick={onDone}>
          Choose none
        </Button>
      </Group>
      {change.error !== null && <ProblemBox problem={asProblem(change.error)} />}
    </Stack>
  );
}

interface NothingProps {
  filter: boolean;
  open: boolean;
  range: string;
  onClear: () => void;
  onLonger: () => void;
}

function Nothing({ filter, open, range, onClear, onLonger }: NothingProps) {
  if (filter) {
    return (
      <Stack align="center" gap="xs">
        <Text size="sm">No alert passes these filters.</Text>
        <Button size="compact-sm" variant="default" onClick={onClear}>
          Clear filters
        </Button>
      </Stack>
    );
  }
  return (
    <Stack align="center" gap="xs">
      <Text size="sm">{open ? 'Nothing is fired now.' : `Nothing fired in this time: ${range.toLowerCase()}.`}</Text>
      <Group gap="xs">
        {!open && (
          <Button size="compact-sm" variant="default" onClick={onLonger}>
            Look at the last 7 days
          </Button>
        )}
        <Button size="compact-sm" variant="default" component={ViewLink} to="/alerts/pack">
          Turn on ready-made rules
        </Button>
      </Group>
    </Stack>
  );
}
