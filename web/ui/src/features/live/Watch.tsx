import { SimpleGrid, Skeleton, Stack, Text, VisuallyHidden } from '@mantine/core';
import { useEffect, useMemo, useState } from 'react';
import type { Problem } from '@/api/problem';
import { ProblemBox } from '@/components/Panel';
import { second } from '@/lib/time';
import { formatDuration } from '@/lib/units';
import { Charts } from './Charts';
import type { Feed } from './feed';
import { figuresOf, missingSeconds } from './figures';
import { Headline } from './Headline';
import { instanceRows, omittedInstances } from './instances';
import { InstanceTable } from './InstanceTable';
import { Requests } from './Requests';
import { failingOf, failuresOf, slowestOf } from './requests';
import { mostParts, partsOf, type Frame } from './series';
import { Silent } from './Silent';
import { StateLine } from './StateLine';
import { useLive } from './useLive';
import type { LiveView } from './view';
import { problemWords, unknownRequests } from './words';

interface Props {
  view: LiveView;
  utc: boolean;
  /** Told what is wrong with the filter, where the server says so. */
  onMistake: (text: string) => void;
}

/** One question, watched. */
export function Watch({ view, utc, onMistake }: Props) {
  const { feed, again } = useLive(view);
  const [held, hold] = useState<Feed>();
  const { state } = feed;
  const mistake = state.kind === 'refused' && state.problem.status === 400 ? state.problem.detail : undefined;
  useEffect(() => {
    if (mistake !== undefined) onMistake(mistake);
    // It is told once; the page makes another function with each drawing.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [mistake]);

  const shown = held ?? feed;
  return (
    <Stack gap="sm">
      <StateLine feed={feed} held={held} utc={utc} onHold={() => hold(held === undefined ? feed : undefined)} />
      {state.kind === 'refused' && <ProblemBox problem={worded(state.problem)} onRetry={again} />}
      {state.kind === 'lost' && <ProblemBox problem={worded(state.problem)} onRetry={again} />}
      {shown.end === undefined ? state.kind === 'connecting' || state.kind === 'live' ? <Waiting /> : null : <Shown feed={shown} end={shown.end} view={view} utc={utc} />}
    </Stack>
  );
}

function worded(problem: Problem): Problem {
  return Object.assign(Object.create(problem) as Problem, { detail: problemWords(problem) });
}

function Shown({ feed: { buffer, factor }, end, view, utc }: { feed: Feed; end: number; view: LiveView; utc: boolean }) {
  const { length, over, split, percentile } = view;
  const { parts, omitted } = useMemo(() => partsOf(buffer, split), [buffer, split]);
  const frame = useMemo((): Frame => ({ buffer, end, length, over, factor, split, parts, percentile }), [buffer, end, length, over, factor, split, parts, percentile]);
  const figures = useMemo(() => figuresOf(buffer, end, over, factor), [buffer, end, over, factor]);
  const rows = useMemo(() => instanceRows(buffer, end, over, factor), [buffer, end, over, factor]);
  const failing = useMemo(() => failingOf(buffer, end, length), [buffer, end, length]);
  const slowest = useMemo(() => slowestOf(buffer, end, length), [buffer, end, length]);
  const failures = failuresOf(buffer, end, length);
  const last = formatDuration(length);
  const missing = missingSeconds(buffer, end, length);
  const unknown = unknownRequests(buffer, end, length);
  return (
    <>
      <VisuallyHidden role="heading" aria-level={2}>
        Now
      </VisuallyHidden>
      <Headline figures={figures} over={over} unknown={unknownRequests(buffer, end, over)} />
      <Silent rows={rows} />
      {omitted > 0 && (
        <Text size="xs" c="dimmed">
          The charts show the {Math.min(parts.length, mostParts)} parts with the most requests of {parts.length + omitted}.
        </Text>
      )}
      {missing > 0 && (
        <Text size="xs" c="dimmed">
          {missing} of the last {Math.round(length / second)} seconds did not come: they are gaps in the charts, and in no figure.
        </Text>
      )}
      <Charts frame={frame} utc={utc} />
      <InstanceTable rows={rows} omitted={omittedInstances(buffer)} over={over} />
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm">
        <Requests
          title="Failing requests"
          hint="A sample of the requests that failed, newest first: at most ten of each instance a second"
          rows={failing}
          utc={utc}
          empty={unknown ?? `No request failed in the last ${last}.`}
          truncated={failures > failing.length ? `${failing.length} of ${failures.toLocaleString('en-US')} that failed in the last ${last}.` : undefined}
        />
        <Requests title="Slowest requests" hint="The requests that lasted longest, out of the three longest of each instance a second" rows={slowest} utc={utc} empty={unknown ?? `No request ended in the last ${last}, or the agents are too old to tell of slow ones.`} />
      </SimpleGrid>
    </>
  );
}

/** What is shown until the first second comes. */
function Waiting() {
  return (
    <Stack gap="sm" role="status" aria-label="Waiting for the first second">
      <Skeleton height={58} radius="sm" />
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
        {Array.from({ length: 6 }, (_, i) => (
          <Skeleton key={i} height={250} radius="sm" />
        ))}
      </SimpleGrid>
    </Stack>
  );
}
