import { Button, Group, Stack, VisuallyHidden } from '@mantine/core';
import { useState } from 'react';
import { copyText } from '@/components/copy';
import { Panel } from '@/components/Panel';
import { DeleteButton } from '@/panels/resources/DeleteButton';
import { useResources } from '@/panels/resources/queries';
import { Choice } from './Choice';
import { sharedOf, sortShared, type SharedQuery } from './shared';

/** Queries that the server keeps for everybody. */
export function SharedQueries({ onChoose }: { onChoose: (query: string, scope?: string) => void }) {
  const asked = useResources('saved-queries', 0);
  return (
    <Panel title="For everybody" hint="Kept by the server, with their versions" asked={asked} height={80} isEmpty={(all) => all.length === 0} empty="Nobody has saved a query yet.">
      {(all) => (
        <Stack gap="xs">
          {sortShared(all.map(sharedOf)).map((q) => (
            <div key={q.name}>
              <Choice title={q.title} query={q.query} note={noteOf(q)} onChoose={(query) => onChoose(query, q.scope)} />
              <Group gap={4} mt={2}>
                <CopyLink query={q} />
                {!q.provisioned && <DeleteButton kind="saved-queries" name={q.name} etag={q.etag} consequence="Nobody finds it here any more." onDeleted={() => undefined} />}
              </Group>
            </div>
          ))}
        </Stack>
      )}
    </Panel>
  );
}

const noteOf = ({ description, scope, by }: SharedQuery) => [description, scope, by === '' ? '' : `by ${by}`].filter((part) => part !== '').join(' · ');

/** A link that asks the query over the last hour of whoever opens it. */
function CopyLink({ query }: { query: SharedQuery }) {
  const [copied, setCopied] = useState(false);
  const link = () => {
    const url = new URL(window.location.href);
    url.search = new URLSearchParams({ query: query.query, ...(query.scope === '' ? {} : { scope: query.scope }) }).toString();
    return url.href;
  };
  return (
    <Button
      size="xs"
      variant="default"
      onClick={() =>
        void copyText(link()).then((done) => {
          setCopied(done);
          setTimeout(() => setCopied(false), 1500);
        })
      }
    >
      {copied ? 'Copied' : 'Copy link'}
      <VisuallyHidden> of {query.title}</VisuallyHidden>
    </Button>
  );
}
