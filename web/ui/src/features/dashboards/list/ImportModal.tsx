import { Alert, Button, FileButton, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { asProblem } from '@/api/problem';
import { ProblemBox } from '@/components/Panel';
import { freeName } from '@/lib/dashboard';
import { parseImport } from '@/lib/dashboardImport';
import { carryView } from '@/lib/urlstate';
import { useSaveResource } from '@/panels/resources/queries';
import { withoutRepeats } from '../withoutRepeats';

const mostBytes = 2 << 20;

/** Makes a dashboard out of a file or a text. What is wrong with it is told field by field; a name that is taken is asked for anew. */
export function ImportModal({ taken, onClose }: { taken: readonly string[]; onClose: () => void }) {
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const [text, setText] = useState('');
  const [fileProblem, setFileProblem] = useState('');
  const [otherName, setOtherName] = useState<string>();
  const save = useSaveResource('dashboards');
  const read = useMemo(() => (text.trim() === '' ? undefined : parseImport(text)), [text]);
  const document = read !== undefined && 'document' in read ? read.document : undefined;
  const name = otherName ?? document?.name ?? '';
  const isTaken = taken.includes(name);
  const needsName = document !== undefined && (taken.includes(document.name) || document.name === '');

  const put = (next: string) => {
    setText(next);
    setFileProblem('');
    setOtherName(undefined);
    save.reset();
  };
  const load = async (file: File | null) => {
    if (file === null) return;
    if (file.size > mostBytes) setFileProblem(`${file.name} has ${(file.size / (1 << 20)).toFixed(1)} MiB; a dashboard has at most 1 MiB.`);
    else put(await file.text());
  };
  return (
    <Modal opened onClose={onClose} title="Import a dashboard" size="lg" centered>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (document === undefined || isTaken) return;
          save.mutate(
            { document: { ...document, name } },
            {
              onSuccess: (stored) => {
                onClose();
                void navigate(`/dashboards/${encodeURIComponent(stored.name)}${carryView(search)}`);
              },
            },
          );
        }}
      >
        <Stack gap="sm">
          <Group gap="sm">
            <FileButton accept=".json,application/json" onChange={(f) => void load(f)}>
              {(props) => (
                <Button {...props} size="xs" variant="default">
                  Choose a file
                </Button>
              )}
            </FileButton>
            <Text size="xs" c="dimmed">
              or paste what “Export” of a dashboard gave
            </Text>
          </Group>
          {fileProblem !== '' && (
            <Text size="sm" c="red" role="alert">
              {fileProblem}
            </Text>
          )}
          <Textarea label="JSON" data-autofocus autosize minRows={8} maxRows={16} spellCheck={false} styles={{ input: { fontFamily: 'monospace', fontSize: 12 } }} value={text} onChange={(e) => put(e.currentTarget.value)} error={read !== undefined && 'problem' in read ? read.problem : undefined} />
          {needsName && (
            <>
              {document.name !== '' && (
                <Alert color="orange" variant="light" p="xs">
                  There is a dashboard of the name {document.name} already. Give this one another name.
                </Alert>
              )}
              <Group align="flex-end" gap="xs">
                <TextInput label="Name" flex={1} value={name} onChange={(e) => setOtherName(e.currentTarget.value)} error={isTaken ? 'This name is taken' : undefined} />
                {document.name !== '' && (
                  <Button size="sm" variant="default" onClick={() => setOtherName(freeName(document.name, taken))}>
                    Use {freeName(document.name, taken)}
                  </Button>
                )}
              </Group>
            </>
          )}
          {save.error !== null && <ProblemBox problem={withoutRepeats(asProblem(save.error))} />}
          <Group justify="flex-end">
            <Button size="xs" variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button size="xs" type="submit" loading={save.isPending} disabled={document === undefined || isTaken || name === ''}>
              Import
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
