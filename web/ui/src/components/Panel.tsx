import { Alert, Box, Button, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconClockPause } from '@tabler/icons-react';
import { createContext, useContext, type ReactNode } from 'react';
import { asProblem, type Problem } from '@/api/problem';
import { formatSince } from '@/lib/time';
import { useNow } from '@/view/now';
import { usePageView } from '@/view/view';
import { useOverdue } from './useOverdue';

/** The level of a panel's heading: 2 below the page's own, 3 within a section that has a heading. */
export const PanelLevel = createContext<2 | 3>(2);

/** What a panel has of its question: the part of a query's result that it needs. */
export interface Asked<T> {
  data: T | undefined;
  error: unknown;
  /** Why the last attempt failed, while there is another one. */
  failureReason?: unknown;
  dataUpdatedAt: number;
  /** Whether the data answer the question before, while those of this one are on their way. */
  isPlaceholderData?: boolean;
  /** How often it is asked again, in milliseconds; 0 or nothing where it is not. */
  refresh?: number;
  refetch: () => unknown;
}

interface Props<T> {
  title?: string;
  /** Explains the title to whoever asks. */
  hint?: string;
  asked: Asked<T>;
  isEmpty?: (data: T) => boolean;
  /** What is said where there is nothing: what would fill it, and how. */
  empty?: ReactNode;
  /** Height of what will come, in pixels. */
  height?: number;
  /** Said above the content where not all is shown. */
  truncated?: (data: T) => string | undefined;
  actions?: ReactNode;
  children: (data: T) => ReactNode;
}

/** A part of a page that answers a question, also while it waits, where there is nothing, and where it failed. */
export function Panel<T>({ title, hint, asked, isEmpty, empty, height = 180, truncated, actions, children }: Props<T>) {
  const { data } = asked;
  const level = useContext(PanelLevel);
  const before = asked.isPlaceholderData === true;
  const overdue = useOverdue(asked.dataUpdatedAt, asked.refresh ?? 0);
  // A question without an answer forgets its error when it is asked again: what is known of the failure stays until there is an answer.
  const error = asked.error ?? asked.failureReason;
  const note = data === undefined ? undefined : truncated?.(data);
  let content: ReactNode;
  // That there is nothing is said only of the question that was asked.
  if (data === undefined || (before && isEmpty?.(data) === true)) {
    content = <Waiting height={height} label={title ?? 'panel'} problem={error == null ? undefined : asProblem(error)} onRetry={() => void asked.refetch()} />;
  } else {
    content = (
      <>
        {(error != null || overdue) && <Stale problem={error == null ? undefined : asProblem(error)} since={before ? undefined : asked.dataUpdatedAt} onRetry={() => void asked.refetch()} />}
        {note !== undefined && (
          <Text size="xs" c="dimmed">
            {note}
          </Text>
        )}
        <Box aria-busy={before} opacity={before ? 0.4 : undefined}>
          {isEmpty?.(data) === true ? <Empty height={height}>{empty}</Empty> : children(data)}
        </Box>
      </>
    );
  }
  return (
    <Paper withBorder p="sm" component="section" aria-label={title} style={{ minWidth: 0 }}>
      {(title !== undefined || actions !== undefined) && (
        <Group justify="space-between" mb={6} wrap="nowrap">
          <Title order={level} size="sm" fw={600} title={hint}>
            {title}
          </Title>
          {before && (
            <Text size="xs" c="dimmed" mr="auto" role="status">
              Loading…
            </Text>
          )}
          {actions}
        </Group>
      )}
      {content}
    </Paper>
  );
}

/** Before there are data: they are on their way, the server starts, or what failed. */
function Waiting({ height, label, problem, onRetry }: { height: number; label: string; problem: Problem | undefined; onRetry: () => void }) {
  // The frame says since when, and that it goes on by itself.
  if (problem?.unreachable === true) return <Empty height={height}>The server does not answer.</Empty>;
  if (problem !== undefined && !problem.starting) return <ProblemBox problem={problem} onRetry={onRetry} />;
  return (
    <>
      <Loading height={height} label={label} />
      {problem !== undefined && (
        <Text size="xs" c="dimmed" mt={4}>
          The server is starting{problem.detail === '' ? '' : `: ${problem.detail}`}.
        </Text>
      )}
    </>
  );
}

function Loading({ height, label }: { height: number; label: string }) {
  return (
    <Box role="status" aria-label={`${label} is loading`}>
      <Skeleton height={height} radius="sm" />
    </Box>
  );
}

export function Empty({ height, children }: { height?: number; children: ReactNode }) {
  return (
    <Stack align="center" justify="center" mih={height} gap={4} px="md">
      <Text component="div" size="sm" c="dimmed" ta="center">
        {children ?? 'Nothing here in this time.'}
      </Text>
    </Stack>
  );
}

/** What failed, why, and what to do. */
export function ProblemBox({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  return (
    <Alert variant="light" color="red" icon={<IconAlertTriangle />} title={problem.title} role="alert">
      {problem.detail !== '' && <Text size="sm">{problem.detail}</Text>}
      {problem.mistakes.length > 0 && (
        <ul>
          {problem.mistakes.map((m, i) => (
            <li key={i}>
              {m.field} {m.value !== undefined && <q>{m.value}</q>} {m.rule}
            </li>
          ))}
        </ul>
      )}
      {onRetry !== undefined && (
        <Button size="compact-sm" variant="default" mt="xs" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}

/** Said above data that could not be refreshed, or, without a problem, were not in time. Without a since they are those of the question before. */
export function Stale({ problem, since, onRetry }: { problem: Problem | undefined; since: number | undefined; onRetry: () => void }) {
  const { view } = usePageView();
  const now = useNow();
  return (
    <Group gap={6} mb={4} wrap="nowrap" role="status">
      <IconClockPause size={14} aria-hidden />
      <Text size="xs">
        {since === undefined ? 'The answer to the question before' : `As of ${formatSince(since, now, view.utc)}`}: {problem === undefined ? 'no newer answer has come yet' : problem.title.toLowerCase()}.
      </Text>
      <Button size="compact-xs" variant="subtle" onClick={onRetry}>
        Try again
      </Button>
    </Group>
  );
}
