import { Group, SimpleGrid, Stack } from '@mantine/core';
import type { Scope } from '@/api/types';
import { scopeParts } from '@/lib/scope';
import { ByInstance, LookSwitch, useLook } from '../ByInstance';
import { Children } from '../Children';
import type { Facts } from '../facts';
import { findScope, type Member } from '../family';
import { Traits } from '../Traits';

interface Props {
  scope: string;
  facts: Facts;
  /** Who is different, if anybody is. */
  who: Member | undefined;
}

/** Everything below, or beside an instance, the worst first; and how the one that stands out differs. */
export function Different({ scope, facts, who }: Props) {
  const { level, instances, members, asked } = facts;
  const [look, setLook] = useLook(instances.length);
  const parent = level === 'instance' ? scopeParts(scope).slice(0, 2).join('/') : scope;
  const rows: readonly Scope[] = findScope(asked.tree.data, parent)?.children ?? [];
  const member = level === 'instance' ? members.find((m) => m.scope === scope) : who;
  const others = member === undefined ? [] : members.filter((m) => m.parent === member.parent && m.scope !== member.scope);
  return (
    <Stack gap="sm">
      {rows.length > 0 && <Children scopes={rows} scope={scope} members={members} family={asked.family} trends={asked.trends} compared={facts.compared} />}
      {member !== undefined && others.length > 0 && <Traits member={member} others={others} asked={asked.family} own={level === 'instance'} />}
      {instances.length > 1 && instances.some((i) => i.requests !== null) && (
        <>
          <Group justify="flex-end">
            <LookSwitch look={look} onChange={setLook} />
          </Group>
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
            <ByInstance title="P99 by instance" scope={parent} metric="RequestLatency_P99" look={look} marks={facts.marks} empty="No requests in this time." />
            <ByInstance title="Requests by instance" scope={parent} metric="RequestsPerMinute" look={look} marks={facts.marks} empty="No requests in this time." />
            <ByInstance title="Errors by instance" scope={parent} metric="ErrorRatio" look={look} marks={facts.marks} empty="No requests in this time." />
          </SimpleGrid>
        </>
      )}
    </Stack>
  );
}
