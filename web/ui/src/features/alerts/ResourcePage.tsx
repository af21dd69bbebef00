import { Alert, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import { asProblem } from '@/api/problem';
import { Whole } from '@/components/Whole';
import { carryView } from '@/lib/urlstate';
import { DeleteButton } from '@/panels/resources/DeleteButton';
import { useResource, type ResourceKind } from '@/panels/resources/queries';
import { ResourceHistory } from '@/panels/resources/ResourceHistory';
import { useParamState } from '@/view/params';
import { usePageView } from '@/view/view';
import { AlertsHead } from './AlertsHead';
import type { ResourceDocument } from './types';

interface Props {
  kind: ResourceKind;
  above: { to: string; label: string };
  /** What goes where it is deleted. */
  consequence: string;
  /** The form of a document; `reload` opens it anew with what is stored now. */
  form: (document: ResourceDocument, reload: () => void) => ReactNode;
}

/** The page of an action group or processing rule: its form and its history. */
export function ResourcePage({ kind, above, consequence, form }: Props) {
  const { name = '' } = useParams();
  const { view } = usePageView();
  const { params, set } = useParamState();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const asked = useResource(kind, name);
  const missing = asked.error !== null && asProblem(asked.error).status === 404;
  const asksHistory = params.get('tab') === 'history';
  // Who edits one that somebody else deletes keeps the form.
  const gone = missing && (asksHistory || asked.data === undefined || asked.data.provisioned === true);
  const history = gone || asksHistory;
  return (
    <>
      <AlertsHead title={name} above={above} />
      <Stack gap="sm">
        {gone && <Text size="sm">There is nothing of this name now. If it was deleted, a version below brings it back.</Text>}
        {asked.data !== undefined && !gone && (
          <>
            {asked.data.provisioned === true && (
              <Alert variant="light" color="gray" icon={<IconLock />} p="xs">
                <Text size="sm">Provided by {asked.data.source ?? 'a source'}, and changed only there.</Text>
              </Alert>
            )}
            <Group justify="space-between">
              <SegmentedControl
                size="xs"
                aria-label="Part"
                value={history ? 'history' : 'edit'}
                onChange={(t) => set({ tab: t === 'edit' ? null : t })}
                data={[
                  { value: 'edit', label: asked.data.provisioned === true ? 'Look' : 'Edit' },
                  { value: 'history', label: 'History' },
                ]}
              />
              {asked.data.provisioned !== true && !missing && <DeleteButton kind={kind} name={name} etag={asked.data.etag} consequence={consequence} onDeleted={() => void navigate(above.to + carryView(search))} />}
            </Group>
          </>
        )}
        {history ? (
          <ResourceHistory key={asked.data?.etag} kind={kind} name={name} current={gone ? undefined : asked.data} utc={view.utc} onRestored={() => set({ tab: null })} />
        ) : (
          <Whole asked={asked}>{(document) => <Opened key={name} document={document} latest={asked.data} form={form} />}</Whole>
        )}
      </Stack>
    </>
  );
}

// A form keeps what it was opened with; what others store meanwhile is told, and taken on demand.
function Opened({ document, latest, form }: { document: ResourceDocument; latest: ResourceDocument | undefined; form: Props['form'] }) {
  const [opened, setOpened] = useState({ document, round: 0 });
  return <div key={opened.round}>{form(opened.document, () => setOpened({ document: latest ?? document, round: opened.round + 1 }))}</div>;
}
