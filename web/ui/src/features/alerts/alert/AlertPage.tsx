import { Anchor, Group, SimpleGrid, Stack, Text, VisuallyHidden } from '@mantine/core';
import { useParams } from 'react-router';
import { useDefinitions } from '@/api/hooks';
import type { AlertDetail } from '@/api/types';
import { PageHead } from '@/components/PageHead';
import { Empty, Panel } from '@/components/Panel';
import { Status } from '@/components/Status';
import { Whole } from '@/components/Whole';
import { ancestry, scopeName, scopePath } from '@/lib/scope';
import { formatInstant, formatUTC } from '@/lib/time';
import { formatDuration } from '@/lib/units';
import { useNow } from '@/view/now';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { useAlert } from '../queries';
import { dimensionText, firedSentence } from '../sentence';
import { SeverityLabel } from '../SeverityLabel';
import { Actions } from './Actions';
import { AlertChart } from './AlertChart';
import { Details } from './Details';
import { Finding } from './Finding';
import { Runbook, runbookId } from './Runbook';
import { Timeline } from './Timeline';

/** One alert: what fired, why, and what has been done about it. Opened from a notification, often on a phone. */
export function Component() {
  const { id = '' } = useParams();
  const { view } = usePageView();
  const asked = useAlert(id, view);
  return (
    <>
      <PageHead title={titleOf(asked.data)} above={[{ to: '/alerts', label: 'Alerts' }]} timed={false} />
      <Whole asked={asked}>{(a) => <Body alert={a} />}</Whole>
    </>
  );
}

// Groups of Prometheus rules have several alerts, with names of their own.
function titleOf(alert: AlertDetail | undefined): string {
  const [rule, name] = [alert?.alertRule, alert?.labels?.alertname];
  return rule === undefined || name === undefined || name === rule ? (rule ?? 'Alert') : `${rule}: ${name}`;
}

function Body({ alert }: { alert: AlertDetail }) {
  const { view } = usePageView();
  const { data: definitions = [] } = useDefinitions();
  const runbook = runbookId(alert.links?.runbook);
  const timeline = alert.timeline ?? [];
  return (
    <Stack gap="sm">
      <section aria-label="What fired">
        <Stack gap={6}>
          <Group gap="sm">
            <SeverityLabel value={alert.severity} />
            <Since alert={alert} utc={view.utc} />
            <Text size="sm" c="dimmed" title="What people say of it. It does not change what the system sees.">
              {alert.alertState}
            </Text>
            {alert.suppressed && <Status kind="none">Suppressed: nobody is told</Status>}
          </Group>
          <Text size="lg" fw={600}>
            {firedSentence(alert, definitions)}
          </Text>
          <Where alert={alert} />
          {alert.description !== undefined && alert.description !== '' && (
            <Text size="sm" c="dimmed">
              {alert.description}
            </Text>
          )}
          <Finding alert={alert} />
          <Actions alert={alert} />
        </Stack>
      </section>
      <VisuallyHidden component="h2">What is known of it</VisuallyHidden>
      <AlertChart alert={alert} definitions={definitions} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="sm">
        <Panel title="Timeline" hint="What happened, newest first" asked={done(timeline)}>
          {(entries) => (entries.length === 0 ? <Empty>Nothing happened yet.</Empty> : <Timeline id={alert.id ?? ''} entries={entries} utc={view.utc} />)}
        </Panel>
        <Details alert={alert} definitions={definitions} />
      </SimpleGrid>
      {runbook !== undefined && <Runbook id={runbook} />}
    </Stack>
  );
}

const done = <T,>(data: T) => ({ data, error: null, dataUpdatedAt: 0, refetch: () => undefined });

function Since({ alert, utc }: { alert: AlertDetail; utc: boolean }) {
  const now = useNow();
  const from = Date.parse(alert.firedDateTime ?? '');
  const to = Date.parse(alert.resolvedDateTime ?? '');
  const resolved = alert.monitorCondition === 'Resolved';
  if (resolved) {
    return (
      <Group gap={6}>
        <Status kind="ok">{Number.isNaN(to) ? 'Resolved' : `Resolved after ${formatDuration(to - from)}`}</Status>
        <Text size="sm" c="dimmed" title={`${formatUTC(from)} to ${Number.isNaN(to) ? '' : formatUTC(to)}`}>
          fired {formatInstant(from, utc)}
          {alert.resolveReason !== undefined && alert.resolveReason !== '' && `; ${alert.resolveReason}`}
        </Text>
      </Group>
    );
  }
  return (
    <Group gap={6}>
      <Status kind="critical">Fired</Status>
      <Text size="sm" c="dimmed" title={formatUTC(from)}>
        since {formatInstant(from, utc)}, {formatDuration(Math.max(0, now - from))}
      </Text>
    </Group>
  );
}

/** The way to what the alert is about. */
function Where({ alert }: { alert: AlertDetail }) {
  const scope = alert.scope ?? '';
  const rest = dimensionText(alert.dimensions);
  if (scope === '' && rest === '') return null;
  return (
    <Group gap={6} component="nav" aria-label="Where it is">
      {scope !== '' &&
        ancestry(scope).map((s, i, all) => (
          <Group gap={6} key={s} component="span" display="inline-flex">
            {i > 0 && <span aria-hidden>›</span>}
            <Anchor component={ViewLink} to={scopePath(s)} size="sm" fw={i === all.length - 1 ? 600 : undefined}>
              {scopeName(s)}
            </Anchor>
          </Group>
        ))}
      {rest !== '' && (
        <Text size="sm" c="dimmed">
          {rest}
        </Text>
      )}
    </Group>
  );
}
