import { Button, Code, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { asProblem } from '@/api/problem';
import { DataTable, type Column } from '@/components/DataTable';
import { Panel, ProblemBox } from '@/components/Panel';
import { Status, type StatusKind } from '@/components/Status';
import { Whole } from '@/components/Whole';
import { formatInstant, formatUTC } from '@/lib/time';
import { formatDuration } from '@/lib/units';
import { useNow } from '@/view/now';
import { useParamState, useSort } from '@/view/params';
import { usePageView } from '@/view/view';
import { AlertsHead } from '../AlertsHead';
import { useAlert } from '../queries';
import { matchersOf, matcherText } from './matchers';
import { useExpireSilence, useSilences, type Silence } from './queries';
import { SilenceForm } from './SilenceForm';

const states: Record<Silence['status']['state'], { kind: StatusKind; word: string; order: number }> = {
  active: { kind: 'info', word: 'In force', order: 2 },
  pending: { kind: 'none', word: 'To come', order: 1 },
  expired: { kind: 'none', word: 'Over', order: 0 },
};

/** Silences: of which alerts nobody is told, and until when. `new` in the URL opens the form, for an alert if it has one's id. */
export function Component() {
  const { view } = usePageView();
  const { params, set } = useParamState();
  const [sort, setSort] = useSort({ key: 'state', descending: true });
  const asked = useSilences(view.refresh);
  const expire = useExpireSilence();
  const now = useNow();
  const show = params.get('show') ?? '';
  const shown = (asked.data ?? []).filter((s) => (show === '' ? s.status.state !== 'expired' : show === 'all' || s.status.state === show));
  const made = params.get('new');
  const again = asked.data?.find((s) => s.id === params.get('like'));

  const columns: Column<Silence>[] = [
    { key: 'state', label: 'State', value: (s) => states[s.status.state].order, render: (s) => <Status kind={states[s.status.state].kind}>{states[s.status.state].word}</Status> },
    {
      key: 'matchers',
      label: 'Alerts with',
      value: (s) => s.matchers.map(matcherText).join(),
      render: (s) => (
        <div style={{ minWidth: 220 }}>
          {s.matchers.map((m) => (
            <Code key={matcherText(m)} mr={4}>
              {matcherText(m)}
            </Code>
          ))}
          <Text size="xs" c="dimmed">
            {s.comment}
          </Text>
        </div>
      ),
    },
    { key: 'by', label: 'By', value: (s) => s.createdBy, render: (s) => <Text size="sm">{s.createdBy}</Text> },
    {
      key: 'ends',
      label: 'Ends',
      value: (s) => s.endsAt,
      render: (s) => {
        const end = Date.parse(s.endsAt);
        return (
          <Text size="sm" title={formatUTC(end)}>
            {formatInstant(Math.floor(end / 60_000) * 60_000, view.utc)}
            {s.status.state === 'active' && ` (in ${formatDuration(Math.max(0, Math.ceil((end - now) / 60_000) * 60_000))})`}
          </Text>
        );
      },
    },
    {
      key: 'do',
      label: 'what to do',
      quiet: true,
      render: (s) => (
        <Group gap={4} wrap="nowrap">
          {s.status.state !== 'expired' && (
            <Button size="compact-xs" variant="default" loading={expire.isPending && expire.variables === s.id} onClick={() => expire.mutate(s.id)} aria-label={`End now: the silence of ${s.matchers.map(matcherText).join(', ')}`}>
              End now
            </Button>
          )}
          <Button size="compact-xs" variant="default" onClick={() => set({ like: s.id, new: '1' })} aria-label={`${s.status.state === 'expired' ? 'Again' : 'Change'}: the silence of ${s.matchers.map(matcherText).join(', ')}`}>
            {s.status.state === 'expired' ? 'Again' : 'Change'}
          </Button>
        </Group>
      ),
    },
  ];

  return (
    <>
      <AlertsHead title="Silences" />
      <Stack gap="sm">
        <Group gap="xs" justify="space-between">
          <Group gap="xs">
            <Select
              size="xs"
              w={180}
              aria-label="Which silences"
              data={[
                { value: '', label: 'In force and to come' },
                { value: 'expired', label: 'Over' },
                { value: 'all', label: 'All' },
              ]}
              value={show}
              onChange={(v) => set({ show: v })}
              allowDeselect={false}
            />
            <Text size="sm" c="dimmed">
              Nobody is told of alerts that a silence fits. They are listed all the same.
            </Text>
          </Group>
          <Button size="xs" onClick={() => set({ new: '1', like: null })}>
            New silence
          </Button>
        </Group>
        {expire.error !== null && <ProblemBox problem={asProblem(expire.error)} />}
        <Panel asked={asked} height={200} isEmpty={() => shown.length === 0} empty={show === '' ? 'No silence is in force.' : 'There is none.'}>
          {() => <DataTable label="Silences" columns={columns} rows={shown} rowKey={(s) => s.id} sort={sort} onSort={setSort} />}
        </Panel>
      </Stack>
      <Modal opened={made !== null} onClose={() => set({ new: null, like: null })} title={again === undefined ? 'New silence' : 'Silence'} size="lg">
        {made !== null &&
          (made === '1' ? (
            <SilenceForm key={again?.id} {...(again === undefined ? {} : { like: again })} matchers={again?.matchers ?? [{ name: 'alertname', value: '', isRegex: false, isEqual: true }]} onDone={() => set({ new: null, like: null })} />
          ) : (
            <OfAlert id={made} onDone={() => set({ new: null })} />
          ))}
      </Modal>
    </>
  );
}

function OfAlert({ id, onDone }: { id: string; onDone: () => void }) {
  const { view } = usePageView();
  const alert = useAlert(id, view);
  return <Whole asked={alert} height={200}>{(a) => <SilenceForm matchers={matchersOf(a.labels)} onDone={onDone} />}</Whole>;
}
