import { Alert, Button, Group, Progress, Stack, Table, Text } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import type { Explanation } from '@/api/types';
import { Figure } from '@/components/Figure';
import { scopeName, scopePath } from '@/lib/scope';
import { formatInstant } from '@/lib/time';
import { formatExact, formatValue, unitOf, type Unit } from '@/lib/units';
import { MetricPanel } from '@/panels/MetricPanel';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { causeOf, placeOf, stepName, suspectsOf, withinOf } from './cause';
import { scalingOf } from './scaling';

const mostRows = 12;
const mostCharts = 4;

/** An explanation: its sentence, the way down, who it is, and what moved there, by all data whatever the question's filter was. */
export function Answer({ explanation: e, filter }: { explanation: Explanation; filter: string }) {
  const { view } = usePageView();
  const unit = unitOf(e.metric, e.unit, e.aggregation);
  const when = (a: string, b: string) => `${formatInstant(Date.parse(a), view.utc)} – ${formatInstant(Date.parse(b), view.utc, true)}`;
  const cause = causeOf(e);
  const guilty = cause === e.scope ? suspectsOf(e) : [cause];
  const charts = [...new Map(e.related.map((r) => [r.metric, r])).values()].slice(0, mostCharts);
  return (
    <Stack gap="md">
      <Text size="lg">{e.explanation}</Text>
      <Text size="sm" c="dimmed">
        {when(e.start, e.end)}: {formatValue(e.after, unit)}. Before, {when(e.baseline.start, e.baseline.end)}: {formatValue(e.before, unit) + scalingOf(e, unit)}.
      </Text>
      {e.warnings.length > 0 && (
        <Alert variant="light" color="orange" title="Read with care" p="xs">
          {e.warnings.map((w) => (
            <Text key={w} size="sm">
              {w}
            </Text>
          ))}
        </Alert>
      )}
      <Group gap="xs">
        {guilty.map((scope) => (
          <Button key={scope} component={ViewLink} to={scopePath(scope)} rightSection={<IconArrowRight size={16} aria-hidden />}>
            To {scopeName(scope)}
          </Button>
        ))}
      </Group>
      {e.path.length > 0 && <Path explanation={e} />}
      {e.before !== null && guilty.length > 0 && <MetricPanel title={`${e.metric}: ${guilty.map(scopeName).join(', ')} and all of ${scopeName(e.scope)}`} scope={[...guilty, e.scope]} metric={e.metric} aggregation={e.aggregation} filter={filter} name={(s) => (s.scope === e.scope ? `all of ${scopeName(s.scope)}` : scopeName(s.scope))} />}
      {e.contributions.length > 0 && <Contributions explanation={e} />}
      {e.related.length > 0 && <Related explanation={e} />}
      {charts.map((r) => (
        <MetricPanel key={r.metric} title={`${r.metric} of ${placeOf(r)}`} scope={r.scope} metric={r.metric} aggregation={r.aggregation} split={Object.keys(r.dimensions).join(',')} top={5} height={120} />
      ))}
    </Stack>
  );
}

/** From the scope down to the cause, step by step. */
function Path({ explanation: e }: { explanation: Explanation }) {
  const unit = unitOf(e.metric, e.unit, e.aggregation);
  return (
    <Stack gap={2} component="ol" p={0} m={0} style={{ listStyle: 'none' }} aria-label="The way to the cause">
      <Text component="li" size="sm">
        <b>{scopeName(e.scope)}</b> <Figure value={e.after} before={e.before} unit={unit} />
      </Text>
      {e.path.map((step, i) => (
        <Text key={`${step.dimension} ${step.value}`} component="li" size="sm" pl={(i + 1) * 18}>
          › <b>{stepName(step)}</b> <Figure value={step.after} before={step.before} unit={unit} />
          <Text span size="sm" c="dimmed" ml={8} title="Part of the whole change that disappears with this one's own change">
            explains {formatValue(step.share, 'Ratio')}
          </Text>
        </Text>
      ))}
    </Stack>
  );
}

/** Every part that was looked at. Where nothing changed they wait for whoever asks, and explain nothing: shares of noise are no answer. */
function Contributions({ explanation: e }: { explanation: Explanation }) {
  const changed = e.verdict !== 'none';
  const unit = unitOf(e.metric, e.unit, e.aggregation);
  const table = (
    <>
      <Table aria-label="Contributions" horizontalSpacing={6} verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Where</Table.Th>
            <Table.Th ta="right">Before → after</Table.Th>
            {changed && <Table.Th title="Part of the whole change that disappears with this one's own change. They need not add up to 100 %.">Explains</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {e.contributions.slice(0, mostRows).map((c, i) => (
            <Table.Tr key={i}>
              <Table.Td>
                <ViewLink to={scopePath(c.scope)}>{stepName(c)}</ViewLink>
                {withinOf(c, e.scope) !== '' && (
                  <Text span size="xs" c="dimmed">
                    {' '}
                    {withinOf(c, e.scope)}
                  </Text>
                )}
              </Table.Td>
              <Table.Td ta="right">
                <FromTo before={c.before} after={c.after} unit={unit} />
              </Table.Td>
              {changed && (
                <Table.Td>
                  {formatValue(c.share, 'Ratio')}
                  {c.share !== null && <Progress size={4} value={Math.max(0, Math.min(1, c.share)) * 100} aria-label={`what ${c.value} explains`} />}
                </Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {e.contributions.length > mostRows && (
        <Text size="xs" c="dimmed">
          Showing {mostRows} of {e.contributions.length}
        </Text>
      )}
    </>
  );
  if (changed) return <div>{table}</div>;
  return (
    <details>
      <Text component="summary" size="sm" style={{ cursor: 'pointer' }}>
        What was compared
      </Text>
      {table}
    </details>
  );
}

/** Two values, the second in bold. */
function FromTo({ before, after, unit }: { before: number | null; after: number | null; unit: Unit }) {
  return (
    <Text span size="sm" style={{ whiteSpace: 'nowrap' }} title={`before ${formatExact(before, unit)}, after ${formatExact(after, unit)}`}>
      {formatValue(before, unit)} → <b>{formatValue(after, unit)}</b>
    </Text>
  );
}

/** What moved at the cause at the same time: the resources that may be to blame. */
function Related({ explanation: e }: { explanation: Explanation }) {
  return (
    <div>
      <Table aria-label="What moved with it" horizontalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th title="Metrics of the machines and the model that moved at the same time and place. Things that move together need not cause each other.">What moved with it</Table.Th>
            <Table.Th ta="right">Before → after</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {e.related.map((r, i) => (
            <Table.Tr key={i}>
              <Table.Td>
                {r.metric}{' '}
                <Text span size="xs" c="dimmed">
                  {placeOf(r)}
                </Text>
              </Table.Td>
              <Table.Td ta="right">
                <FromTo before={r.before} after={r.after} unit={unitOf(r.metric, r.unit, r.aggregation)} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
