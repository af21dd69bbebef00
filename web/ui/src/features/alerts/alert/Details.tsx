import { Anchor, Code, Stack, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { baseURL } from '@/api/client';
import type { AlertDetail, MetricDefinition } from '@/api/types';
import { Panel } from '@/components/Panel';
import { formatInstant, type Span } from '@/lib/time';
import { formatValue } from '@/lib/units';
import { useResource } from '@/panels/resources/queries';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { criteriaOf, ownWindowText, type Watched } from '../rules/criteria';
import { boundText, criterionUnit, definitionAt } from '../sentence';
import type { AlertValue } from '../types';
import { basesOf, pageOf } from './links';
import { runbookId } from './Runbook';

interface Props {
  alert: AlertDetail;
  definitions: readonly MetricDefinition[];
}

/** All that is known of an alert: what each criterion saw, who is told, labels, links. */
export function Details({ alert, definitions }: Props) {
  const { view } = usePageView();
  const fired = alert.fired?.values ?? alert.values ?? [];
  const last = alert.monitorCondition === 'Resolved' ? (alert.values ?? []) : [];
  const query = fired.find((v) => v.query !== undefined)?.query;
  const groups = alert.actionGroups ?? [];
  const rule = useResource('alert-rules', alert.alertRule ?? '', alert.monitorService !== 'External');
  const criteria = rule.data === undefined ? [] : criteriaOf(rule.data);
  const window = windowSpan(alert, criteria);
  const runbook = alert.links?.runbook;
  return (
    <Panel title="Details" asked={{ data: alert, error: null, dataUpdatedAt: 0, refetch: () => undefined }}>
      {() => (
        <Stack gap="xs">
          <Values label="At the check that fired" values={fired} alert={alert} definitions={definitions} criteria={criteria} />
          {last.length > 0 && <Values label="At the check that resolved it" values={last} alert={alert} definitions={definitions} criteria={criteria} over />}
          {query !== undefined && (
            <Code block tabIndex={0} aria-label="Query">
              {query}
            </Code>
          )}
          <Table variant="vertical" fz="sm" layout="fixed" verticalSpacing={4}>
            <Table.Tbody>
              {window !== undefined && (
                <Row label="Window" hint="The time whose data the check looked at, the longest where its criteria have different ones">
                  {formatInstant(window.start, view.utc)} – {formatInstant(window.end, view.utc, true)}
                </Row>
              )}
              <Row label="Told" hint="The action groups that are told, after processing rules">
                {groups.length === 0 ? 'nobody by its rule; the notification policy decides' : groups.map((g) => <GroupLink key={g} name={g} />)}
              </Row>
              {alert.filter !== undefined && alert.filter !== '' && <Row label="Filter">{alert.filter}</Row>}
              {runbook !== undefined && runbookId(runbook) === undefined && (
                <Row label="Run-book">
                  <Anchor size="sm" href={runbook} target="_blank" rel="noreferrer">
                    {runbook}
                  </Anchor>
                </Row>
              )}
              {alert.links?.generator !== undefined && (
                <Row label="Where it comes from">
                  <Generator link={alert.links.generator} bases={basesOf(alert, baseURL())} />
                </Row>
              )}
              {Object.entries(alert.customProperties ?? {}).map(([name, value]) => (
                <Row key={`property ${name}`} label={name}>
                  {value}
                </Row>
              ))}
              <Row label="Labels" hint="What routing and silences see">
                {Object.entries(alert.labels ?? {}).map(([name, value]) => (
                  <Code key={name} mr={4}>
                    {name}={value}
                  </Code>
                ))}
              </Row>
              <Row label="Id">{alert.id}</Row>
              {alert.expiresDateTime !== undefined && <Row label="Kept until">{formatInstant(Date.parse(alert.expiresDateTime), view.utc)}</Row>}
            </Table.Tbody>
          </Table>
        </Stack>
      )}
    </Panel>
  );
}

/** What the check that fired looked at. Alerts have the window of their rule, beyond which criteria may look back. */
function windowSpan(alert: AlertDetail, criteria: readonly Watched[]): Span | undefined {
  const [start, end] = [alert.fired?.windowStartTime ?? alert.windowStartTime, alert.fired?.windowEndTime ?? alert.windowEndTime].map((t) => Date.parse(t ?? ''));
  if (start === undefined || end === undefined || Number.isNaN(start) || Number.isNaN(end)) return undefined;
  const differ = criteria.some((c) => c.window !== criteria[0]?.window);
  return { start: differ ? end - Math.max(...criteria.map((c) => c.window)) : start, end };
}

interface ValuesProps extends Props {
  label: string;
  values: readonly AlertValue[];
  /** Of the rule, where it is known. */
  criteria: readonly Watched[];
  over?: boolean;
}

function Values({ label, values, alert, definitions, criteria, over = false }: ValuesProps) {
  if (values.length === 0) return null;
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      {values.map((v) => {
        const definition = definitionAt(definitions, v.metricName, alert.scope);
        const unit = criterionUnit(definition, v.timeAggregation);
        return (
          <Text key={v.criterion} size="sm" title={definition?.description}>
            <strong>{definition?.display_name ?? v.metricName ?? v.criterion}</strong> {[v.timeAggregation?.toLowerCase(), formatValue(v.value, unit)].filter((t) => t !== undefined).join(' ')}
            {ownWindowText(criteria, v.criterion)}
            {boundText(v, unit) !== '' && `${over ? '; it fires' : ','} ${boundText(v, unit)}`}
          </Text>
        );
      })}
    </div>
  );
}

/** Our own expressions open in the explorer; what other programs posted leads to them. */
function Generator({ link, bases }: { link: string; bases: readonly string[] }) {
  const page = pageOf(link, bases);
  if (page !== undefined) {
    return (
      <Anchor component={ViewLink} to={page.to} params={page.params} size="sm">
        Its expression in the explorer
      </Anchor>
    );
  }
  return (
    <Anchor size="sm" href={link} target="_blank" rel="noreferrer" style={{ overflowWrap: 'anywhere' }}>
      {link}
    </Anchor>
  );
}

function GroupLink({ name }: { name: string }) {
  return (
    <Anchor component={ViewLink} to={`/alerts/groups/${encodeURIComponent(name)}`} size="sm" mr={6}>
      {name}
    </Anchor>
  );
}

function Row({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th w={110} title={hint}>
        {label}
      </Table.Th>
      <Table.Td>{children}</Table.Td>
    </Table.Tr>
  );
}
