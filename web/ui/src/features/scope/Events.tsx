import { ScrollArea, Stack, Text } from '@mantine/core';
import { Panel } from '@/components/Panel';
import { formatInstant, formatUTC } from '@/lib/time';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import type { useAlertsOf, useEvents } from './queries';

interface Props {
  events: ReturnType<typeof useEvents>;
  alerts: ReturnType<typeof useAlertsOf>;
}

interface Entry {
  at: number;
  who: string;
  text: string;
  alert?: string;
}

/** What happened, newest first: starts, ends, failed probes and alerts on one list. */
export function Events({ events, alerts }: Props) {
  const { view } = usePageView();
  const entries: Entry[] = [
    ...(events.data ?? []).map((e): Entry => ({ at: e.at, who: e.instance, text: e.message })),
    ...(alerts.data ?? []).map((a): Entry => ({ at: Date.parse(a.firedDateTime ?? ''), who: 'alert', text: a.summary ?? a.alertRule ?? '', ...(a.id === undefined ? {} : { alert: a.id }) })),
  ].sort((a, b) => b.at - a.at);
  return (
    <Panel title="Events and alerts" asked={events} isEmpty={() => entries.length === 0} empty="Nothing started, ended, failed a probe or fired in this time." height={120}>
      {() => (
        <ScrollArea.Autosize mah={260} type="auto" viewportProps={{ tabIndex: 0, 'aria-label': 'Events and alerts' }}>
          <Stack gap={2} component="ol" m={0} p={0} style={{ listStyle: 'none' }}>
            {entries.slice(0, 200).map((e, i) => (
              <Text key={i} component="li" size="sm">
                <Text span size="sm" c="dimmed" title={formatUTC(e.at)}>
                  {formatInstant(Math.floor(e.at / 1000) * 1000, view.utc)}
                </Text>{' '}
                <b>{e.who}</b> {e.alert === undefined ? e.text : <ViewLink to={`/alerts/${encodeURIComponent(e.alert)}`}>{e.text}</ViewLink>}
              </Text>
            ))}
          </Stack>
        </ScrollArea.Autosize>
      )}
    </Panel>
  );
}
