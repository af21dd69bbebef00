import { Button, Code, Group, Stack, Text, Title } from '@mantine/core';
import { useLocation, useRouteError } from 'react-router';
import { usePageTitle } from '@/view/title';
import { ViewLink } from '@/view/ViewLink';

export function NotFound() {
  const { pathname } = useLocation();
  usePageTitle(['No such page']);
  return (
    <Stack p="xl" align="flex-start">
      <Title order={1} size="h3">
        There is no such page
      </Title>
      <Text>
        Nothing is at <Code>{pathname}</Code>.
      </Text>
      <Button component={ViewLink} to="/" variant="default">
        To the overview
      </Button>
    </Stack>
  );
}

/** What is shown in place of a page that threw, or whose code could not be loaded because the server has a newer one. */
export function PageFailed() {
  const error = useRouteError();
  usePageTitle(['This page failed']);
  return (
    <Stack p="xl" align="flex-start" role="alert">
      <Title order={1} size="h3">
        This page failed
      </Title>
      <Text>{error instanceof Error ? error.message : String(error)}</Text>
      <Group>
        <Button onClick={() => window.location.reload()}>Load it again</Button>
        <Button component={ViewLink} to="/" variant="default">
          To the overview
        </Button>
      </Group>
    </Stack>
  );
}
