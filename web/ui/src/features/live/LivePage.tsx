import { Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { PageHead } from '@/components/PageHead';
import { scopePath } from '@/lib/scope';
import { usePageView } from '@/view/view';
import { ViewLink } from '@/view/ViewLink';
import { Controls } from './Controls';
import { useLiveView } from './view';
import { Watch } from './Watch';

/** What happens now, second by second. */
export function Component() {
  const { view: page } = usePageView();
  const { view, change } = useLiveView();
  const [mistake, setMistake] = useState<{ of: string; text: string }>();
  const question = `${view.scope}\n${view.filter}\n${view.least}`;
  return (
    <Stack gap="sm">
      <PageHead title="Live" timed={false}>
        <Group gap="sm">
          <Text size="xs" c="dimmed">
            Shown, not stored: history is on the pages of the scopes.
          </Text>
          {!view.scope.includes('*') && (
            <ViewLink to={scopePath(view.scope)}>History of {view.scope}</ViewLink>
          )}
        </Group>
      </PageHead>
      <Controls view={view} onChange={change} mistake={mistake?.of === question ? mistake.text : undefined} />
      <Watch key={question} view={view} utc={page.utc} onMistake={(text) => setMistake({ of: question, text })} />
    </Stack>
  );
}
