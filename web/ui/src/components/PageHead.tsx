import { Breadcrumbs, Group, Title } from '@mantine/core';
import { ancestry, scopeName, scopePath } from '@/lib/scope';
import { ViewLink } from '@/view/ViewLink';
import { TimeControls } from './TimeControls';

interface Props {
  title: string;
  /** The scope that the page is about; its parts are the way up. */
  scope?: string;
}

/** Where one is, the way up, and what time the page is about. */
export function PageHead({ title, scope }: Props) {
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
          <Title order={1} size="h4" aria-current={scope === undefined ? undefined : 'page'}>
            {title}
          </Title>
        </Breadcrumbs>
      </nav>
      <TimeControls />
    </Group>
  );
}
