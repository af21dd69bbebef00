import { ActionIcon, Menu, Modal } from '@mantine/core';
import { useViewportSize } from '@mantine/hooks';
import { IconDots, IconDownload, IconListDetails, IconMaximize, IconPin, IconTable } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { Link, useSearchParams } from 'react-router';
import { fileName } from '@/components/chart/csv';
import { saveFile } from '@/components/copy';
import type { LogTable } from '@/components/logs/answer';
import { csvOf } from '@/components/logs/csv';
import { Panel } from '@/components/Panel';
import { carryView } from '@/lib/urlstate';
import { usePageView } from '@/view/view';
import { LogResult } from './LogResult';
import { PinDialog } from './pin/PinDialog';
import { mostPanelRows, useLogQuery, type LogQueryResult } from './useLogQuery';

interface Props {
  title: string;
  hint?: string | undefined;
  query: string;
  /** Whose rows are seen; empty for all. */
  scope: string;
  height: number;
  more?: ReactNode;
}

const size = { size: 16, 'aria-hidden': true } as const;

function notes({ answer }: LogQueryResult): string | undefined {
  const [first] = answer.tables;
  const out = [];
  if (answer.cut !== undefined) out.push(first !== undefined && first.rows.length >= mostPanelRows ? `Showing the first ${mostPanelRows.toLocaleString('en-US')} rows` : answer.cut);
  if (answer.tables.length > 1) out.push(`The first of ${answer.tables.length} tables`);
  return out.length === 0 ? undefined : out.join(' · ');
}

const allOf = (table: LogTable) => csvOf(
  table,
  table.rows.map((_, i) => i),
  table.columns.map((c) => c.name),
);

/** What a query of the logs answers over the page's time: a chart where it says render, else its rows. */
export function LogPanel({ title, hint, query, scope, height, more }: Props) {
  const { view } = usePageView();
  const [search] = useSearchParams();
  const [expanded, setExpanded] = useState(false);
  const [table, setTable] = useState(false);
  const [pinning, setPinning] = useState(false);
  const { height: screen } = useViewportSize();
  const asked = useLogQuery(query, scope, view);
  const first = asked.data?.answer.tables[0];
  const drawn = asked.data?.answer.render !== undefined && asked.data.answer.render.visualization !== 'table';
  const shown = (result: LogQueryResult, room: number) => <LogResult title={title} query={query} result={result} asRows={table} utc={view.utc} height={room} />;
  return (
    <Panel
      title={title}
      {...(hint === undefined ? {} : { hint })}
      asked={asked}
      height={height}
      isEmpty={({ answer }) => (answer.tables[0]?.rows.length ?? 0) === 0}
      empty="No row matches in this time."
      truncated={notes}
      actions={
        <>
          <Menu position="bottom-end" width={230} shadow="md">
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Actions of ${title}`}>
                <IconDots size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconMaximize {...size} />} disabled={first === undefined} onClick={() => setExpanded(true)}>
                Expand
              </Menu.Item>
              {drawn && (
                <Menu.Item leftSection={<IconTable {...size} />} onClick={() => setTable(!table)}>
                  {table ? 'Show as a chart' : 'Show the rows'}
                </Menu.Item>
              )}
              <Menu.Item leftSection={<IconDownload {...size} />} disabled={first === undefined} onClick={() => first !== undefined && saveFile(fileName(title, asked.data?.span.end ?? 0, 'csv'), allOf(first))}>
                Download CSV
              </Menu.Item>
              <Menu.Divider />
              <Menu.Item leftSection={<IconListDetails {...size} />} component={Link} to={`/logs${carryView(search, { query, ...(scope === '' ? {} : { scope }) })}`}>
                Open in logs
              </Menu.Item>
              <Menu.Item leftSection={<IconPin {...size} />} onClick={() => setPinning(true)}>
                Pin to a dashboard
              </Menu.Item>
              {more}
            </Menu.Dropdown>
          </Menu>
          <PinDialog pinned={pinning ? { title, content: { kind: 'logs', logs: { query, scopes: scope === '' ? [] : [scope] } } } : undefined} onClose={() => setPinning(false)} />
        </>
      }
    >
      {(result) => (
        <>
          {shown(result, height)}
          {expanded && (
            <Modal opened onClose={() => setExpanded(false)} title={title} fullScreen>
              {shown(result, Math.max(240, screen - 200))}
            </Modal>
          )}
        </>
      )}
    </Panel>
  );
}
