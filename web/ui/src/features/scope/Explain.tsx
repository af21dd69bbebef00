import { Anchor, Drawer, Progress, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import type { Explanation } from '@/api/types';
import { Figure } from '@/components/Figure';
import { Panel } from '@/components/Panel';
import { scopePath } from '@/lib/scope';
import { formatInstant, resolveRange } from '@/lib/time';
import { formatValue, unitOf } from '@/lib/units';
import { MetricPanel } from '@/panels/MetricPanel';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';

interface Props {
  scope: string;
  metric: string;
  opened: boolean;
  onClose: () => void;
}

/** What changed in a metric against the time before, and where: the sentence, the way down to the cause, and what moved with it. */
export function Explain({ scope, metric, opened, onClose }: Props) {
  const { view } = usePageView();
  const asked = useQuery({
    queryKey: ['explain', scope, metric, view.range, view.compare],
    queryFn: async ({ signal }) => {
      const { start, end } = resolveRange(view.range, Date.now());
      const question = { scope, metric, start: start / 1000, end: end / 1000, baseline: view.compare || 'previous' };
      return body(await api().POST('/api/v1/explain', { body: question, signal }));
    },
    enabled: opened,
  });
  return (
    <Drawer opened={opened} onClose={onClose} position="right" size="xl" title={<Title order={2} size="h4">What changed?</Title>}>
      <Panel asked={asked} height={300}>
        {(e) => <Answer explanation={e} />}
      </Panel>
    </Drawer>
  );
}

function Answer({ explanation: e }: { explanation: Explanation }) {
  const { view } = usePageView();
  const unit = unitOf(e.metric, e.unit, e.aggregation);
  const when = (a: string, b: string) => `${formatInstant(Date.parse(a), view.utc)} – ${formatInstant(Date.parse(b), view.utc, true)}`;
  const cause = e.contributions.find((c) => c.value === e.path.at(-1)?.value)?.scope ?? e.scope;
  return (
    <Stack gap="md">
      <Text size="lg">{e.explanation}</Text>
      <Text size="sm" c="dimmed">
        {when(e.start, e.end)}: {formatValue(e.after, unit)}. Before, {when(e.baseline.start, e.baseline.end)}: {formatValue(e.before, unit)}.
      </Text>
      {e.warnings.map((w) => (
        <Text key={w} size="sm" c="var(--status-warning)">
          {w}
        </Text>
      ))}
      {cause !== e.scope && (
        <>
          <Anchor component={ViewLink} to={scopePath(cause)} fw={600}>
            To {cause}
          </Anchor>
          <MetricPanel title={`${e.metric} there and at ${e.scope}`} scope={[cause, e.scope]} metric={e.metric} name={(s) => s.scope} />
        </>
      )}
      {e.contributions.length > 0 && (
        <Table aria-label="Contributions">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Where</Table.Th>
              <Table.Th ta="right">Before</Table.Th>
              <Table.Th ta="right">After</Table.Th>
              <Table.Th title="Part of the whole change that disappears with this one's own change">Explains</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {e.contributions.slice(0, 12).map((c, i) => (
              <Table.Tr key={i}>
                <Table.Td>
                  <Anchor component={ViewLink} to={scopePath(c.scope)}>
                    {c.dimension} {c.value}
                  </Anchor>
                </Table.Td>
                <Table.Td ta="right">
                  <Figure value={c.before} unit={unit} />
                </Table.Td>
                <Table.Td ta="right">
                  <Figure value={c.after} unit={unit} />
                </Table.Td>
                <Table.Td>
                  {formatValue(c.share, 'Ratio')}
                  <Progress size={4} value={Math.max(0, Math.min(1, c.share ?? 0)) * 100} aria-label={`what ${c.value} explains`} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {e.related.length > 0 && (
        <Table aria-label="What moved with it">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>What moved with it</Table.Th>
              <Table.Th ta="right">Before</Table.Th>
              <Table.Th ta="right">After</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {e.related.map((r, i) => (
              <Table.Tr key={i}>
                <Table.Td>
                  {r.metric} <Text span size="xs" c="dimmed">{[r.scope, ...Object.values(r.dimensions)].join(' · ')}</Text>
                </Table.Td>
                <Table.Td ta="right">
                  <Figure value={r.before} unit={unitOf(r.metric, r.unit, r.aggregation)} />
                </Table.Td>
                <Table.Td ta="right">
                  <Figure value={r.after} before={r.before} unit={unitOf(r.metric, r.unit, r.aggregation)} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Stack>
  );
}
