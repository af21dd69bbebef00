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

/** A button that deletes a document after asking. */
export function DeleteButton(props: Props) {
  const [open, dialog] = useDisclosure(false);
  return (
    <>
      <Button size="xs" variant="default" onClick={dialog.open}>
        Delete
      </Button>
      {open && <DeleteDialog {...props} onClose={dialog.close} />}
    </>
  );
}

/** Asks whether a document shall be deleted, and does it. */
export function DeleteDialog({ kind, name, etag, consequence, onDeleted, onClose }: Props & { onClose: () => void }) {
  const remove = useDeleteResource(kind);
  return (
    <Modal opened onClose={onClose} title={`Delete ${name}?`} centered>
      <Stack gap="sm">
        <Text size="sm">{consequence} It can be restored from its history.</Text>
        {remove.error !== null && <ProblemBox problem={asProblem(remove.error)} />}
        <Group gap="xs" justify="flex-end">
          <Button size="xs" variant="default" onClick={onClose}>
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
                    onClose();
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
  );
}
