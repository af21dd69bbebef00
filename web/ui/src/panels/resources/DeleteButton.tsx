import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { asProblem } from '@/api/problem';
import { ProblemBox } from '@/components/Panel';
import { useDeleteResource, type ResourceKind } from './queries';

interface Props {
  kind: ResourceKind;
  name: string;
  etag?: string | undefined;
  /** What goes with it. */
  consequence: string;
  onDeleted: () => void;
}

/** Deletes a document after asking. */
export function DeleteButton({ kind, name, etag, consequence, onDeleted }: Props) {
  const [open, dialog] = useDisclosure(false);
  const remove = useDeleteResource(kind);
  return (
    <>
      <Button size="xs" variant="default" onClick={dialog.open}>
        Delete
      </Button>
      <Modal opened={open} onClose={dialog.close} title={`Delete ${name}?`} centered>
        <Stack gap="sm">
          <Text size="sm">{consequence} It can be restored from its history.</Text>
          {remove.error !== null && <ProblemBox problem={asProblem(remove.error)} />}
          <Group gap="xs" justify="flex-end">
            <Button size="xs" variant="default" onClick={dialog.close}>
              Keep it
            </Button>
            <Button
              size="xs"
              color="red"
              loading={remove.isPending}
              onClick={() =>
                remove.mutate(
                  { name, etag },
                  {
                    onSuccess: () => {
                      dialog.close();
                      onDeleted();
                    },
                  },
                )
              }
            >
              Delete
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
