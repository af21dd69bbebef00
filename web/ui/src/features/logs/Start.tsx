import { SimpleGrid, Stack, Text, Title, UnstyledButton } from '@mantine/core';
import { purposes } from './examples';
import classes from './Logs.module.css';

/** What to ask, before anything was asked. */
export function Start({ onChoose }: { onChoose: (query: string) => void }) {
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        Run the query with Ctrl+Enter, or begin with one of these. The page's time and scope bound its rows.
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
        {purposes.map(({ purpose, examples }) => (
          <div key={purpose}>
            <Title order={2} size="sm" mb={4}>
              {purpose}
            </Title>
            {examples.map((e) => (
              <UnstyledButton key={e.title} className={`${classes.choice} ${classes.link}`} onClick={() => onChoose(e.query)}>
                {e.title}
              </UnstyledButton>
            ))}
          </div>
        ))}
      </SimpleGrid>
    </Stack>
  );
}
