import { Code, List, Text } from '@mantine/core';
import { changes } from './diff';

const most = 30;

/** The fields that differ between two versions. */
export function ChangeList({ before, after }: { before: unknown; after: unknown }) {
  const all = changes(before, after);
  if (all.length === 0) return <Text size="sm">Nothing but secrets differs.</Text>;
  return (
    <>
      <List size="sm">
        {all.slice(0, most).map((c) => (
          <List.Item key={c.path}>
            {c.path} {c.before !== undefined && <Code>{c.before}</Code>} {c.before !== undefined && c.after !== undefined && '→'} {c.after === undefined ? 'removed' : <Code>{c.after}</Code>}
          </List.Item>
        ))}
      </List>
      {all.length > most && (
        <Text size="xs" c="dimmed">
          and {all.length - most} more
        </Text>
      )}
    </>
  );
}
