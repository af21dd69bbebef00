import { Button, Menu, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { asProblem } from '@/api/problem';
import { saveFile } from '@/components/copy';
import type { LogTable } from '@/components/logs/answer';
import { csvOf } from '@/components/logs/csv';
import { downloadCSV, type LogsQuestion } from './queries';

interface Props {
  question: LogsQuestion;
  table: LogTable;
  rows: readonly number[];
  columns: readonly string[];
}

/** Rows as a file: those that are shown, or all that the query has. */
export function Downloads({ question, table, rows, columns }: Props) {
  const [state, setState] = useState<'idle' | 'running' | { failed: string }>('idle');
  const all = async () => {
    setState('running');
    try {
      saveFile('logs.csv', await downloadCSV(question));
      setState('idle');
    } catch (error) {
      setState({ failed: asProblem(error).message });
    }
  };
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button size="xs" variant="default" leftSection={<IconDownload size={14} />} loading={state === 'running'}>
            CSV
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => saveFile('logs.csv', csvOf(table, rows, columns))}>CSV of the {rows.length.toLocaleString('en-US')} rows shown</Menu.Item>
          <Menu.Item onClick={() => void all()}>CSV of all rows, by the server</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {typeof state === 'object' && (
        <Text size="xs" c="red" role="alert">
          {state.failed}
        </Text>
      )}
    </>
  );
}
