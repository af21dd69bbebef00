import { Group, Table, Text } from '@mantine/core';
import { Figure } from '@/components/Figure';
import { Panel, type Asked } from '@/components/Panel';
import { Status } from '@/components/Status';
import { scopeParts, scopePath } from '@/lib/scope';
import { ViewLink } from '@/view/ViewLink';
import type { Member } from './family';
import { traitChange, traitsOf } from './verdicts/difference';

interface Props {
  member: Member;
  /** Those that it is compared with. */
  others: readonly Member[];
  asked: Asked<unknown>;
  /** Whether the page is the member's own. */
  own: boolean;
}

/** How one differs from those beside it, what is most different first: where to look for the reason. */
export function Traits({ member, others, asked, own }: Props) {
  const traits = traitsOf(member, others);
  const striking = traits.filter((t) => t.striking);
  const alike = traits.filter((t) => !t.striking);
  const many = others.length > 1;
  return (
    <Panel
      title={`How ${member.name} differs from ${many ? `the ${others.length} others` : (others[0]?.name ?? 'others')}`}
      hint={many ? 'Against the middle of the others of its deployment, over the whole time' : 'Over the whole time'}
      asked={asked}
      isEmpty={() => traits.length === 0}
      empty="Nothing is known of both in this time."
      height={120}
    >
      {() => (
        <>
          {striking.length === 0 ? (
            <Status kind="ok">In nothing that was measured.</Status>
          ) : (
            <div style={{ overflowX: 'auto' }} tabIndex={0} role="region" aria-label="Differences">
              <Table aria-label="Differences" verticalSpacing={3} horizontalSpacing="xs">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>What</Table.Th>
                    <Table.Th ta="right">{member.name}</Table.Th>
                    <Table.Th ta="right">{many ? 'Middle of the others' : (others[0]?.name ?? 'The other')}</Table.Th>
                    <Table.Th ta="right">Difference</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {striking.map((t) => (
                    <Table.Tr key={t.metric}>
                      <Table.Td>{t.label}</Table.Td>
                      <Table.Td ta="right">
                        <Figure value={t.value} unit={t.unit} />
                      </Table.Td>
                      <Table.Td ta="right">
                        <Figure value={t.others} unit={t.unit} />
                      </Table.Td>
                      <Table.Td ta="right">
                        <b>{traitChange(t)}</b>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          )}
          <Group gap="md" mt={6}>
            {alike.length > 0 && (
              <Text size="xs" c="dimmed">
                Alike: {alike.map((t) => t.label.replace(/, mean.*/, '')).join(', ')}.
              </Text>
            )}
            {!own && (
              <ViewLink to={scopePath(member.scope)}>
                <Text span size="sm">
                  To {member.name}
                </Text>
              </ViewLink>
            )}
            <ViewLink to="/logs" params={{ scope: member.scope, query: consoleQuery(member.scope) }}>
              <Text span size="sm">
                What its console says
              </Text>
            </ViewLink>
          </Group>
        </>
      )}
    </Panel>
  );
}

/** The newest lines of an instance's console. */
function consoleQuery(scope: string): string {
  const [endpoint = '', deployment = '', instance = ''] = scopeParts(scope);
  const where = [
    ['EndpointName', endpoint],
    ['DeploymentName', deployment],
    ['InstanceId', instance],
  ]
    .filter(([, value]) => value !== '')
    .map(([column, value]) => `${column} == ${JSON.stringify(value)}`);
  return `AmlOnlineEndpointConsoleLog\n| where ${where.join(' and ')}\n| project TimeGenerated, ContainerName, Message\n| order by TimeGenerated desc\n| take 200`;
}
