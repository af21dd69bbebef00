import { Breadcrumbs, Group, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { ancestry, scopeName, scopePath } from '@/lib/scope';
import { usePageTitle } from '@/view/title';
import { ViewLink } from '@/view/ViewLink';
import classes from './PageHead.module.css';
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
  /** More about a scope of the way up, behind its name. */
  beside?: (scope: string) => ReactNode;
  /** Controls of the page itself, between its name and its time. */
  children?: ReactNode;
}

/** Where one is, the way up, and what time the page is about. */
export function PageHead({ title, scope, above: pages = [], timed = true, controls, beside, children }: Props) {
  const above = scope === undefined ? [] : ancestry(scope).slice(0, -1);
  usePageTitle([...above.map(scopeName), ...pages.map((p) => p.label), title]);
  return (
    <Group justify="space-between" mb="sm" gap="xs">
      <nav aria-label="Breadcrumbs">
        <Breadcrumbs separator="›" separatorMargin={6} className={classes.crumbs}>
          {scope !== undefined && <ViewLink to="/">Overview</ViewLink>}
          {above.map((s) => (
            <Group key={s} component="span" gap={2} wrap="nowrap">
              <ViewLink to={scopePath(s)}>{scopeName(s)}</ViewLink>
              {beside?.(s)}
            </Group>
          ))}
          {pages.map((page) => (
            <ViewLink key={page.to} to={page.to}>
              {page.label}
            </ViewLink>
          ))}
          <Group component="span" gap={2} wrap="nowrap">
            <Title order={1} size="h4" aria-current={scope === undefined ? undefined : 'page'}>
              {title}
            </Title>
            {scope !== undefined && beside?.(scope)}
          </Group>
        </Breadcrumbs>
      </nav>
      {children}
      {timed && <TimeControls {...controls} />}
    </Group>
  );
}
