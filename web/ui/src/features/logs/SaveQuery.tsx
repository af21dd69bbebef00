import { Button, Code, Group, Modal, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { asProblem } from '@/api/problem';
import { ProblemBox } from '@/components/Panel';
import { useResources, useSaveResource } from '@/panels/resources/queries';
import classes from './Logs.module.css';
import { save } from './history';
import { useKept } from './kept';
import { documentOf, nameFor } from './shared';

interface Props {
  query: string;
  scope: string;
  onClose: () => void;
}

/** Saves a query under a name: on the server for everybody, or in this browser. */
export function SaveQuery({ query, scope, onClose }: Props) {
  const [saved, setSaved] = useKept('saved');
  const shared = useResources('saved-queries', 0);
  const store = useSaveResource('saved-queries');
  const [where, setWhere] = useState<'everybody' | 'browser'>('everybody');
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const trimmed = name.trim();
  const other = where === 'everybody' ? shared.data?.find((d) => d.name === nameFor(trimmed)) : undefined;
  const taken = trimmed !== '' && (other !== undefined || (where === 'browser' && saved.some((k) => k.name === trimmed)));
  const provisioned = other?.provisioned === true;
  const submit = () => {
    if (trimmed === '' || provisioned) return;
    if (where === 'everybody') {
      store.mutate({ document: documentOf(trimmed, description, query, scope), etag: other?.etag }, { onSuccess: onClose });
      return;
    }
    setSaved((list) => save(list, { name: trimmed, query, scope, at: Date.now() }));
    onClose();
  };
  const replaced = provisioned ? `One of this name is provided by ${other.source ?? 'a source'}, and changed only there.` : 'The saved query of this name will be replaced.';
  return (
    <Modal opened onClose={onClose} title="Save the query">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          submit();
        }}
      >
        <Stack gap="sm">
          <SegmentedControl
            aria-label="Where it is kept"
            data={[
              { value: 'everybody', label: 'For everybody' },
              { value: 'browser', label: 'In this browser' },
            ]}
            value={where}
            onChange={(v) => setWhere(v === 'browser' ? 'browser' : 'everybody')}
          />
          <TextInput label="Name" withAsterisk maxLength={120} data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} description={taken ? replaced : undefined} inputWrapperOrder={['label', 'input', 'description', 'error']} />
          {where === 'everybody' && <TextInput label="Description" maxLength={1000} placeholder="What it answers" value={description} onChange={(e) => setDescription(e.currentTarget.value)} />}
          <Code block className={classes.query}>
            {query}
          </Code>
          <Text size="xs" c="dimmed">
            {scope === '' ? 'Of all endpoints.' : `Of ${scope}.`} The time is that of whoever runs it.
          </Text>
          {store.error !== null && <ProblemBox problem={asProblem(store.error)} />}
          <Group justify="flex-end">
            <Button type="submit" size="xs" disabled={trimmed === '' || provisioned} loading={store.isPending}>
              {taken && !provisioned ? 'Replace' : 'Save'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
