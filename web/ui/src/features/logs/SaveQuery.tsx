import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { save } from './history';
import { useKept } from './kept';

/** Asks for the name that a query is saved under. */
export function SaveQuery({ query, scope, onClose }: { query: string | null; scope: string; onClose: () => void }) {
  const [saved, setSaved] = useKept('saved');
  const [name, setName] = useState('');
  const trimmed = name.trim();
  const taken = saved.some((k) => k.name === trimmed);
  return (
    <Modal opened={query !== null} onClose={onClose} title="Save the query">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (trimmed === '' || query === null) return;
          setSaved((list) => save(list, { name: trimmed, query, scope, at: Date.now() }));
          setName('');
          onClose();
        }}
      >
        <Stack>
          <TextInput label="Name" data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} description={taken ? 'The saved query of this name will be replaced.' : undefined} />
          <Text size="xs" c="dimmed">
            Saved in this browser. To share it, copy its link.
          </Text>
          <Group justify="flex-end">
            <Button type="submit" size="xs" disabled={trimmed === ''}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
