import { Chip, Group, ScrollArea, Stack, Text, UnstyledButton } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Panel, type Asked } from '@/components/Panel';
import { formatInstant, formatUTC, minute, type Span } from '@/lib/time';
import { formatDuration } from '@/lib/units';
import { scopePath } from '@/lib/scope';
import { useParamState } from '@/view/params';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { laneNames, lanes, type Happening, type Lane } from './happenings';
import { Strip } from './Strip';

interface Props {
  asked: Asked<unknown>;
  happenings: readonly Happening[];
  span: Span;
  /** What is not known, in sentences. */
  gaps: readonly string[];
}

const mostRows = 200;

/** What happened on one strip, and as a list; a click shows what it was and leads on. */
export function Happened({ asked, happenings, span, gaps }: Props) {
  const { view } = usePageView();
  const { params, set } = useParamState();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const shown = lanes.filter((l) => params.getAll('show').includes(l));
  const listed = shown.length === 0 ? happenings : happenings.filter((h) => shown.includes(h.lane));
  const keys = useMemo(() => new Set(chosen), [chosen]);
  const picked = happenings.filter((h) => keys.has(h.key));
  return (
    <Panel
      title="Events, restarts, starts, alerts and changes"
      asked={asked}
      isEmpty={() => happenings.length === 0}
      empty={gaps.length > 0 ? 'Nothing was found in this time, but not all is known.' : 'Nothing started, ended, failed a probe, fired or was changed in this time. Agents that run a server (endscope-agent exec) or watch one tell of its life.'}
      height={160}
      truncated={() => (gaps.length > 0 ? gaps.join(' ') : undefined)}
    >
      {() => (
        <Stack gap="sm">
          <Strip happenings={happenings} span={span} utc={view.utc} chosen={keys} onChoose={(of) => setChosen(of.map((h) => h.key))} />
          {picked.length > 0 && (
            <Stack gap="xs" role="region" aria-label="What was chosen" aria-live="polite">
              {picked.slice(0, 10).map((h) => (
                <Detail key={h.key} happening={h} utc={view.utc} />
              ))}
              {picked.length > 10 && (
                <Text size="xs" c="dimmed">
                  and {picked.length - 10} more, in the list below
                </Text>
              )}
            </Stack>
          )}
          <Chip.Group multiple value={shown} onChange={(of) => set({ show: of })}>
            <Group gap={6} role="group" aria-label="What is listed">
              {lanes
                .filter((l) => happenings.some((h) => h.lane === l))
                .map((l) => (
                  <Chip key={l} value={l} size="xs" variant="light">
                    {laneNames[l]} {countOf(happenings, l)}
                  </Chip>
                ))}
            </Group>
          </Chip.Group>
          <ScrollArea.Autosize mah={300} type="auto" viewportProps={{ tabIndex: 0, 'aria-label': 'List of what happened', role: 'region' }}>
            <Stack gap={2} component="ol" m={0} p={0} style={{ listStyle: 'none' }}>
              {listed.slice(0, mostRows).map((h) => (
                <li key={h.key}>
                  <UnstyledButton fz="sm" onClick={() => setChosen([h.key])} aria-pressed={keys.has(h.key)} style={{ textAlign: 'left' }}>
                    <Text span size="sm" c="dimmed" title={formatUTC(h.at)}>
                      {formatInstant(Math.floor(h.at / 1000) * 1000, view.utc)}
                    </Text>{' '}
                    {h.bad && (
                      <Text span size="sm" c="var(--status-critical)" title="bad news">
                        !{' '}
                      </Text>
                    )}
                    <b>{h.who}</b> {h.text}
                  </UnstyledButton>
                </li>
              ))}
            </Stack>
          </ScrollArea.Autosize>
          {listed.length > mostRows && (
            <Text size="xs" c="dimmed">
              Showing {mostRows} of {listed.length}
            </Text>
          )}
        </Stack>
      )}
    </Panel>
  );
}

const countOf = (happenings: readonly Happening[], lane: Lane) => happenings.filter((h) => h.lane === lane).length;

/** One thing that happened, with what is known of it and where to look on. */
function Detail({ happening: h, utc }: { happening: Happening; utc: boolean }) {
  const around = { start: formatUTC(Math.floor((h.at - 5 * minute) / 1000) * 1000), end: formatUTC(Math.ceil(((h.until ?? h.at) + 5 * minute) / 1000) * 1000) };
  const total = (h.phases ?? []).reduce((sum, p) => sum + p.ms, 0);
  return (
    <Stack gap={4} p="xs" bd="1px solid var(--mantine-color-default-border)" style={{ borderRadius: 4 }}>
      <Text size="sm">
        <b>{h.who}</b> {h.text}
      </Text>
      <Text size="xs" c="dimmed" title={formatUTC(h.at)}>
        {formatInstant(Math.floor(h.at / 1000) * 1000, utc)}
        {h.until !== undefined && h.until > h.at && `, for ${formatDuration(h.until - h.at)}`}
      </Text>
      {h.phases !== undefined && h.phases.length > 0 && (
        <Stack gap={2} component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Phases of the start">
          {h.phases.map((p) => (
            <li key={p.name}>
              <Group gap="xs" wrap="nowrap">
                <Text span size="xs" w={130}>
                  {p.name.replaceAll('_', ' ')}
                </Text>
                <span style={{ width: `${total === 0 ? 0 : (p.ms / total) * 40}%`, minWidth: 2, height: 8, background: p.failed ? 'var(--status-critical)' : 'var(--mantine-primary-color-filled)' }} />
                <Text span size="xs">
                  {formatDuration(p.ms)}
                  {p.failed && ', failed'}
                </Text>
              </Group>
            </li>
          ))}
        </Stack>
      )}
      <Group gap="md">
        {h.to !== undefined && <ViewLink to={h.to}>{h.lane === 'alert' ? 'The alert' : 'The rule'}</ViewLink>}
        <ViewLink to={scopePath(h.scope)} params={around}>
          {h.scope} around then
        </ViewLink>
        <ViewLink to="/logs" params={{ scope: h.scope, ...around }}>
          Logs around then
        </ViewLink>
      </Group>
    </Stack>
  );
}
