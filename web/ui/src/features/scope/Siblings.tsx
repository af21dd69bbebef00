import { ActionIcon, Menu, Text } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '@/api/client';
import type { Scope } from '@/api/types';
import { levelOf, scopeName, scopeParts, scopePath } from '@/lib/scope';
import { ViewLink } from '@/view/ViewLink';
import { findScope } from './family';

const most = 100;

/** What is beside a scope on the same level, one click away. Endpoints are asked for when the menu opens. */
export function Siblings({ scope, tree }: { scope: string; tree: Scope | undefined }) {
  const [opened, setOpened] = useState(false);
  const top = levelOf(scope) === 'endpoint';
  const endpoints = useQuery({
    queryKey: ['scopes'],
    queryFn: async ({ signal }) => body(await api().GET('/api/v1/scopes', { signal })).scopes,
    enabled: top && opened,
  });
  const parent = scopeParts(scope).slice(0, -1).join('/');
  const beside = top ? (endpoints.data ?? []) : (findScope(tree, parent)?.children ?? []);
  if (!top && beside.length < 2) return null;
  const what = `${levelOf(scope)}s beside ${scopeName(scope)}`;
  return (
    <Menu opened={opened} onChange={setOpened} position="bottom-start" shadow="md">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="xs" aria-label={what} title={what}>
          <IconChevronDown size={14} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflowY: 'auto' }}>
        {top && endpoints.data === undefined && (
          <Text size="sm" px="sm" py={4} c="dimmed">
            {endpoints.error === null ? 'Loading …' : 'Could not be read'}
          </Text>
        )}
        {beside.slice(0, most).map((s) => (
          <Menu.Item key={s.scope} component={ViewLink} to={scopePath(s.scope)} aria-current={s.scope === scope ? 'page' : undefined} fw={s.scope === scope ? 600 : undefined}>
            {s.name}
          </Menu.Item>
        ))}
        {beside.length > most && (
          <Text size="xs" px="sm" c="dimmed">
            {beside.length - most} more
          </Text>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
