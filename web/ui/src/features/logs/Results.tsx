import { Alert, Box, Group, SegmentedControl, Skeleton, Stack, Text } from '@mantine/core';
import { IconClockPause, IconScissors } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import { useMemo } from 'react';
import { asProblem } from '@/api/problem';
import type { Cell, LogColumn } from '@/components/logs/answer';
import type { LogsSchema } from '@/components/logs/editor/schema';
import { Empty, ProblemBox } from '@/components/Panel';
import { formatInstant } from '@/lib/time';
import classes from './Logs.module.css';
import type { Asked } from './queries';
import { ResultTable } from './ResultTable';
import { Statistics } from './Statistics';
import type { LogsView } from './view';

interface Props {
  asked: UseQueryResult<Asked>;
  /** Whether the editor says what is wrong, where it is. */
  placed: boolean;
  view: LogsView;
  onChange: (part: Partial<LogsView>) => void;
  schema: LogsSchema | undefined;
  utc: boolean;
  onNarrow: (column: LogColumn, cell: Cell, keep: boolean) => void;
}

/** What a query answered: rows or a chart, what it took, and what is left out. */
export function Results({ asked, placed, view, onChange, schema, utc, onNarrow }: Props) {
  const { data, error, isFetching } = asked;
  const hints = useMemo(() => new Map((schema?.tables ?? []).flatMap((t) => t.columns.map((c) => [c.name, c.help]))), [schema]);
  if (data === undefined) {
    if (isFetching) {
      return (
        <Box role="status" aria-label="The query runs">
          <Skeleton height={300} radius="sm" />
        </Box>
      );
    }
    if (error === null) return <Empty height={120}>The query was cancelled.</Empty>;
    if (placed) return <Empty height={120}>The query has a mistake, which is marked above.</Empty>;
    return <ProblemBox problem={asProblem(error)} {...(asProblem(error).temporary ? { onRetry: () => void asked.refetch() } : {})} />;
  }
  const { answer } = data;
  const table = answer.tables[view.table] ?? answer.tables[0];
  return (
    <Stack gap="xs" component="section" aria-label="Results" className={isFetching ? classes.running : undefined}>
      {error !== null && (
        <Group gap={6} role="status">
          <IconClockPause size={14} aria-hidden />
          <Text size="xs">
            As of {formatInstant(asked.dataUpdatedAt, utc, true)}: {asProblem(error).message}
          </Text>
        </Group>
      )}
      {answer.cut !== undefined && (
        <Alert variant="light" color="orange" icon={<IconScissors size={16} />} p="xs">
          {answer.cut.replace(/\.?$/, '.')} “CSV of all rows” has the rest.
        </Alert>
      )}
      <Statistics asked={data} utc={utc} />
      {answer.tables.length > 1 && (
        <SegmentedControl size="xs" aria-label="Results" data={answer.tables.map((t, i) => ({ value: String(i), label: `${t.name} (${t.rows.length.toLocaleString('en-US')})` }))} value={String(view.table)} onChange={(i) => onChange({ table: Number(i) })} />
      )}
      {table === undefined || table.columns.length === 0 ? (
        <Empty height={120}>The query answers no table.</Empty>
      ) : (
        <ResultTable key={`${view.query} ${view.table}`} table={table} render={answer.render} asked={data} view={view} onChange={onChange} utc={utc} hintOf={(column) => hints.get(column)} onNarrow={onNarrow} />
      )}
    </Stack>
  );
}
