import { Button, Group, Stack } from '@mantine/core';
import { IconBellOff, IconCheck } from '@tabler/icons-react';
import { baseURL } from '@/api/client';
import { asProblem } from '@/api/problem';
import type { AlertDetail } from '@/api/types';
import { ProblemBox } from '@/components/Panel';
import { ViewLink } from '@/view/ViewLink';
import { useChangeState } from '../queries';
import type { AlertState } from '../types';
import classes from './Actions.module.css';
import { basesOf, pageOf } from './links';

/** What somebody does about an alert, the most wanted first. */
export function Actions({ alert }: { alert: AlertDetail }) {
  const change = useChangeState();
  const id = alert.id ?? '';
  const to = (state: AlertState) => change.mutate({ ids: [id], state });
  const state = alert.alertState ?? 'New';
  const chart = pageOf(alert.links?.chart, basesOf(alert, baseURL()));
  const rule = alert.monitorService !== 'External' && alert.alertRule !== undefined;
  const at = Date.parse(alert.firedDateTime ?? '');
  const around = Number.isNaN(at) ? {} : { start: new Date(at - 600_000).toISOString(), end: new Date(at + 300_000).toISOString() };
  return (
    <Stack gap={6}>
      <Group gap="xs" className={classes.actions} role="group" aria-label="What to do">
        {state === 'New' && (
          <Button size="sm" className={classes.first} leftSection={<IconCheck size={16} />} loading={change.isPending} onClick={() => to('Acknowledged')}>
            Acknowledge
          </Button>
        )}
        {state !== 'Closed' && (
          <Button size="sm" variant={state === 'Acknowledged' ? 'filled' : 'default'} loading={change.isPending} onClick={() => to('Closed')}>
            Close
          </Button>
        )}
        {state !== 'New' && (
          <Button size="sm" variant="default" loading={change.isPending} onClick={() => to('New')}>
            Back to new
          </Button>
        )}
        <Button size="sm" variant="default" component={ViewLink} to="/alerts/silences" params={{ new: id }} leftSection={<IconBellOff size={16} />}>
          Silence
        </Button>
        {chart !== undefined && (
          <Button size="sm" variant="default" component={ViewLink} to={chart.to} params={chart.params}>
            {chart.to === '/logs' ? 'Open the query' : 'Explore'}
          </Button>
        )}
        {alert.scope !== undefined && alert.scope !== '' && (
          <Button size="sm" variant="default" component={ViewLink} to="/logs" params={{ scope: alert.scope, ...around }}>
            Logs
          </Button>
        )}
        {rule && (
          <Button size="sm" variant="default" component={ViewLink} to={`/alerts/rules/${encodeURIComponent(alert.alertRule ?? '')}`}>
            Rule
          </Button>
        )}
      </Group>
      {change.error !== null && <ProblemBox problem={asProblem(change.error)} />}
    </Stack>
  );
}
