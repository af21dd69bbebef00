import { Button, Group } from '@mantine/core';
import { IconBell, IconBellPlus, IconBroadcast, IconColumns, IconListDetails } from '@tabler/icons-react';
import type { Scope } from '@/api/types';
import { levelOf, scopeParts } from '@/lib/scope';
import { useSearchParams } from 'react-router';
import { Link } from 'react-router';
import { carryView } from '@/lib/urlstate';
import { ViewLink } from '@/view/ViewLink';

const icon = { size: 14, 'aria-hidden': true } as const;
const look = { size: 'compact-sm', variant: 'default' } as const;

/** Pages about the same scope. */
export function Actions({ scope, tree }: { scope: string; tree: Scope | undefined }) {
  return (
    <Group gap={6}>
      <Compare scope={scope} tree={tree} />
      <Button {...look} component={ViewLink} to="/live" params={{ scope, ...(levelOf(scope) === 'endpoint' && (tree?.children ?? []).length > 1 ? { split: 'children' } : {}) }} leftSection={<IconBroadcast {...icon} />}>
        Watch live
      </Button>
      <Button {...look} component={ViewLink} to="/logs" params={{ scope }} leftSection={<IconListDetails {...icon} />}>
        Logs
      </Button>
      <Button {...look} component={ViewLink} to="/alerts/rules" params={{ find: scopeParts(scope)[0] ?? '' }} leftSection={<IconBell {...icon} />}>
        Alert rules
      </Button>
      <Button {...look} component={ViewLink} to="/alerts/rules/new" params={{ scope, metric: 'RequestLatency_P99' }} leftSection={<IconBellPlus {...icon} />}>
        New rule
      </Button>
    </Group>
  );
}

/** The most that are compared side by side. */
const most = 4;

/** Deployments of an endpoint side by side; from one of them, this one first. */
function Compare({ scope, tree }: { scope: string; tree: Scope | undefined }) {
  const [search] = useSearchParams();
  const deployments = (tree?.children ?? []).map((d) => d.scope);
  const own = scopeParts(scope).slice(0, 2).join('/');
  if (levelOf(scope) === 'instance' || deployments.length < 2) return null;
  const chosen = [...deployments.filter((d) => d === own), ...deployments.filter((d) => d !== own)].slice(0, most);
  const params = new URLSearchParams(carryView(search));
  for (const s of chosen) params.append('scope', s);
  const names = chosen.map((s) => scopeParts(s)[1] ?? s);
  return (
    <Button {...look} component={Link} to={`/compare?${params.toString()}`} leftSection={<IconColumns {...icon} />}>
      {names.length === 2 ? `Compare ${names.join(' and ')}` : `Compare ${names.length} deployments`}
    </Button>
  );
}
