import { Breadcrumbs, Group, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { ancestry, scopeName, scopePath } from '@/lib/scope';
import { ViewLink } from '@/view/ViewLink';
import { TimeControls, type TimeControlsProps } from './TimeControls';

interface Props {
  title: string;
  /** The scope that the page is about; its parts are the way up. */
  scope?: string;
  /** The pages above, where that is no matter of scopes. */
  above?: readonly { to: string; label: string }[];
  /** Whether the page's time says anything about it. */
  timed?: boolean;
  /** Which of the time's controls the page has use for; all by default. */
  controls?: TimeControlsProps;
  /** Controls of the page itself, between its name and its time. */
  children?: ReactNode;
}

/** Where one is, the way up, and what time the page is about. */
export function PageHead({ title, scope, above: pages = [], timed = true, controls, children }: Props) {
  const above = scope === undefined ? [] : ancestry(scope).slice(0, -1);
  return (
    <Group justify="space-between" mb="sm" gap="xs">
      <nav aria-label="Breadcrumbs">
        <Breadcrumbs separator="›" separatorMargin={6}>
          {scope !== undefined && <ViewLink to="/">Overview</ViewLink>}
          {above.map((s) => (
            <ViewLink key={s} to={scopePath(s)}>
              {scopeName(s)}
            </ViewLink>
          ))}
          {pages.map((page) => (
            <ViewLink key={page.to} to={page.to}>
              {page.label}
            </ViewLink>
          ))}
          <Title order={1} size="h4" aria-current={scope === undefined ? undefined : 'page'}>
            {title}
          </Title>
        </Breadcrumbs>
      </nav>
      {children}
      {timed && <TimeControls {...controls} />}
    </Group>
  );
}
