import { Button, Group, Kbd, Switch, Text, Tooltip } from '@mantine/core';
import { IconBook2, IconCheck, IconCode, IconDeviceFloppy, IconHistory, IconLink, IconPlayerPlayFilled, IconPlayerStopFilled } from '@tabler/icons-react';
import { useState } from 'react';
import { copyText } from '@/components/copy';
import { api, body } from '@/api/client';
import { asOneBlock, boundsTime, type Block } from '@/lib/kql';
import { rangeLabel } from '@/lib/time';
import { writeView, type PageView } from '@/lib/urlstate';
import type { Asked } from './queries';
import { SaveQuery } from './SaveQuery';
import { ScopeSelect } from './ScopeSelect';
import type { LogsView } from './view';

interface Props {
  view: LogsView;
  page: PageView;
  running: boolean;
  onRun: () => void;
  onCancel: () => void;
  onChange: (part: Partial<LogsView>) => void;
  onDrawer: (tab: string) => void;
  /** The query that would run. */
  current: () => Block | undefined;
  /** Puts a text in the place of another in the editor. */
  onReplace: (before: string, after: string) => void;
  answer: Asked | undefined;
}

/** Runs and bounds the query, and finds, keeps and shares queries. */
export function Toolbar({ view, page, running, onRun, onCancel, onChange, onDrawer, current, onReplace, answer }: Props) {
  const [copied, setCopied] = useState(false);
  const [saving, setSaving] = useState<string | null>(null);
  const [failed, setFailed] = useState(false);
  const format = async () => {
    const query = current()?.text ?? '';
    try {
      const done = body(await api().POST('/api/v1/logs/format', { body: { query } }));
      onReplace(query, asOneBlock(done.query));
      setFailed(false);
    } catch {
      setFailed(true); // a query that cannot be read is not laid out; running it says where it is wrong
    }
  };
  const copy = async () => {
    setCopied(await copyText(shared(answer)));
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <Group gap="xs" justify="space-between">
      <Group gap="xs">
        {running ? (
          <Button size="xs" color="red" variant="light" leftSection={<IconPlayerStopFilled size={14} />} onClick={onCancel}>
            Cancel
          </Button>
        ) : (
          <Tooltip
            label={
              <>
                <Kbd size="xs">Ctrl</Kbd> <Kbd size="xs">Enter</Kbd> runs what is selected, or the query at the cursor; blank lines part queries
              </>
            }
          >
            <Button size="xs" leftSection={<IconPlayerPlayFilled size={14} />} onClick={onRun}>
              Run
            </Button>
          </Tooltip>
        )}
        <ScopeSelect value={view.scope} onChange={(scope) => onChange({ scope })} />
        <Tooltip label="Off: only conditions on TimeGenerated in the query bound the time. On: both do." openDelay={400}>
          <Switch size="xs" label={rangeLabel(page.range, page.utc)} checked={view.bound} onChange={(e) => onChange({ bound: e.currentTarget.checked })} />
        </Tooltip>
        {view.bound && boundsTime(view.query) && (
          <Text size="xs" c="dimmed">
            The query bounds the time too; both count.
          </Text>
        )}
      </Group>
      <Group gap={4}>
        <Button size="xs" variant="default" leftSection={<IconBook2 size={14} />} onClick={() => onDrawer('examples')}>
          Examples
        </Button>
        <Button size="xs" variant="default" leftSection={<IconHistory size={14} />} onClick={() => onDrawer('history')}>
          History
        </Button>
        <Button size="xs" variant="default" leftSection={<IconCode size={14} />} onClick={() => void format()} title="Lay the query out" {...(failed ? { color: 'red' } : {})}>
          {failed ? 'Not readable' : 'Format'}
        </Button>
        <Button size="xs" variant="default" leftSection={<IconDeviceFloppy size={14} />} onClick={() => setSaving(current()?.text ?? '')}>
          Save
        </Button>
        <Button
          size="xs"
          variant="default"
          leftSection={copied ? <IconCheck size={14} /> : <IconLink size={14} />}
          disabled={view.query === ''}
          onClick={() => void copy()}
          title="A link to this query, with the time fixed so that it shows the same rows to others"
        >
          {copied ? 'Copied' : 'Link'}
        </Button>
      </Group>
      {saving !== null && saving.trim() !== '' && <SaveQuery query={saving} scope={view.scope} onClose={() => setSaving(null)} />}
    </Group>
  );
}

/** The page's address with the time of the answer. */
function shared(answer: Asked | undefined): string {
  const url = new URL(window.location.href);
  if (answer?.span !== undefined) {
    const { start, end } = answer.span;
    url.search = writeView(url.searchParams, { range: { kind: 'absolute', start, end }, utc: url.searchParams.get('utc') === '1', refresh: 0, compare: '' }).toString();
  }
  return url.href;
}
