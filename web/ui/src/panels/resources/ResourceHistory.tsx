import { Button, Group, Stack, Text, VisuallyHidden } from '@mantine/core';
import { useState } from 'react';
import { asProblem } from '@/api/problem';
import { Panel, ProblemBox } from '@/components/Panel';
import { formatInstant, formatUTC } from '@/lib/time';
import { ChangeList } from './ChangeList';
import { useResourceHistory, useRestoreVersion, type ResourceKind } from './queries';
import type { AuditEntry } from './types';

interface Props {
  kind: ResourceKind;
  name: string;
  /** The version and tag that are in force; nothing where it is deleted. */
  current: { version?: number | undefined; etag?: string | undefined; provisioned?: boolean | undefined } | undefined;
  utc: boolean;
  onRestored: () => void;
}

const actions: Record<string, string> = {
  created: 'Made',
  updated: 'Changed',
  deleted: 'Deleted',
  restored: 'Restored',
  provisioned: 'Provided by a source',
  released: 'Given to people',
};

/** Who changed a document, what they changed, and the way back to each version that is kept. */
export function ResourceHistory({ kind, name, current, utc, onRestored }: Props) {
  const asked = useResourceHistory(kind, name);
  const restore = useRestoreVersion(kind, name);
  return (
    <>
      <VisuallyHidden component="h2">Versions</VisuallyHidden>
    <Panel title="History" hint="Who changed it, newest first" asked={asked} isEmpty={(h) => h.entries.length === 0} empty="Nobody changed it in the last 400 days." truncated={(h) => (h.more ? `Showing the newest ${h.entries.length} changes` : undefined)}>
      {({ entries, versions }) => (
        <Stack gap="sm">
          {restore.error !== null && <ProblemBox problem={asProblem(restore.error)} />}
          {entries.map((entry) => {
            const kept = versions.some((v) => v.version === entry.version && v.deleted !== true);
            const isCurrent = entry.version === current?.version;
            return (
              <Entry key={entry.id} entry={entry} utc={utc}>
                {isCurrent && (
                  <Text size="xs" c="dimmed">
                    in force
                  </Text>
                )}
                {kept && !isCurrent && current?.provisioned !== true && (
                  <Button size="compact-xs" variant="default" loading={restore.isPending && restore.variables.version === entry.version} onClick={() => restore.mutate({ version: entry.version ?? 0, etag: current?.etag }, { onSuccess: onRestored })}>
                    Restore version {entry.version}
                  </Button>
                )}
              </Entry>
            );
          })}
        </Stack>
      )}
    </Panel>
    </>
  );
}

function Entry({ entry, utc, children }: { entry: AuditEntry; utc: boolean; children: React.ReactNode }) {
  const [open, setOpen] = useState(false);
  const at = Math.floor(Date.parse(entry.at ?? '') / 1000) * 1000;
  const changed = entry.before !== undefined && entry.after !== undefined;
  return (
    <section aria-label={`Version ${entry.version ?? ''}`}>
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {actions[entry.action ?? ''] ?? entry.action}
        </Text>
        <Text size="sm" c="dimmed" title={formatUTC(at)}>
          version {entry.version}, {formatInstant(at, utc)}, by {entry.by}
          {entry.source !== undefined && entry.source !== '' && ` from ${entry.source}`}
          {entry.restoredVersion !== undefined && entry.restoredVersion > 0 && `, as version ${entry.restoredVersion} was`}
        </Text>
        {changed && (
          <Button size="compact-xs" variant="default" aria-expanded={open} onClick={() => setOpen(!open)}>
            What changed
          </Button>
        )}
        {children}
      </Group>
      {open && <ChangeList before={entry.before} after={entry.after} />}
    </section>
  );
}
