import { SimpleGrid, Text } from '@mantine/core';
import { Chart } from '@/components/chart/Chart';
import type { ChartData, ChartKind } from '@/components/chart/model';
import { formatDuration } from '@/lib/units';
import { ChartCard } from '@/panels/ChartCard';
import { between } from './buffer';
import { needed } from './durations';
import { durationLines, lines, requestLines, type Frame } from './series';
import type { LiveRow } from './types';
import { noProxy } from './words';

interface Drawn {
  title: string;
  hint: string;
  read: (frame: Frame) => ChartData;
  kind: ChartKind;
  has: (row: LiveRow) => boolean;
  empty: string;
  /** Whether it is of requests that a proxy counts, so that it is empty for want of one, too. */
  ofRequests?: boolean;
  truncated?: (frame: Frame) => string | undefined;
}

const proxied = (row: LiveRow) => row.traffic !== null;

const always: Drawn[] = [
  { title: 'Requests', hint: 'Requests that ended in each second, by class of their status code', read: requestLines, kind: 'stack', has: proxied, empty: noProxy },
  {
    title: 'Failures',
    hint: 'Requests of each second with a status of 400 or above, or whose answer broke',
    read: (f) => lines(f, 'CountPerSecond', [{ key: 'failures', colour: failureColour, value: (row) => row.traffic?.failures ?? null }]),
    kind: 'area',
    has: proxied,
    empty: noProxy,
  },
  { title: 'Durations', hint: 'From the first byte of the request to the last of the answer, of the requests of the seconds before each point', read: durationLines, kind: 'line', has: (row) => row.traffic?.duration != null, empty: 'No request that counts ended in this time.', ofRequests: true, truncated: sparse },
  { title: 'Requests under way', hint: 'Begun and not yet answered at the end of each second; the filter does not narrow them', read: (f) => lines(f, 'Count', [{ key: 'under way', value: (row) => row.in_flight }]), kind: 'line', has: (row) => row.in_flight !== null, empty: noProxy },
  {
    title: 'CPU',
    hint: 'Share of what each instance may use; the filter does not narrow it',
    read: (f) => lines(f, 'Ratio', [{ key: 'mean', value: (row) => row.cpu?.mean ?? null }, { key: 'highest', value: (row) => row.cpu?.max ?? null }]),
    kind: 'line',
    has: (row) => row.cpu !== null,
    empty: 'No instance told of its CPU: collectors.host may be off.',
  },
  {
    title: 'Memory',
    hint: 'Share of what each instance may use; the filter does not narrow it',
    read: (f) => lines(f, 'Ratio', [{ key: 'mean', value: (row) => row.memory?.mean ?? null }, { key: 'highest', value: (row) => row.memory?.max ?? null }]),
    kind: 'line',
    has: (row) => row.memory !== null,
    empty: 'No instance told of its memory: collectors.host may be off.',
  },
];

/** Charts that only some scopes have. Where nobody tells of it, one line says so. */
const sometimes: (Drawn & { what: string })[] = [
  {
    what: 'a GPU',
    title: 'GPU',
    hint: 'Share of the time in which something ran on the devices, as read last; the filter does not narrow it',
    read: (f) => lines(f, 'Ratio', [{ key: 'mean', value: (row) => row.gpu?.utilization?.mean ?? null }, { key: 'highest', value: (row) => row.gpu?.utilization?.max ?? null }, { key: 'memory', value: (row) => row.gpu?.memory?.mean ?? null }]),
    kind: 'line',
    has: (row) => row.gpu !== null,
    empty: 'The devices do not tell of their use.',
  },
  {
    what: 'tokens',
    title: 'Tokens',
    hint: 'Tokens made and read, as answers told, in the second in which the answer ended',
    read: (f) => lines(f, 'CountPerSecond', [{ key: 'made', value: (row) => row.traffic?.output_tokens ?? null }, { key: 'read', value: (row) => row.traffic?.input_tokens ?? null }]),
    kind: 'line',
    has: (row) => row.traffic?.output_tokens != null || row.traffic?.input_tokens != null,
    empty: 'No answer told of tokens.',
  },
];

const failureColour = { light: '#c33c00', dark: '#ff7d4d' };

function sparse({ split, over, buffer, end }: Frame): string | undefined {
  if (split !== 'none') return undefined;
  const requests = buffer.reduce((sum, h) => sum + (h.at >= end - over && h.at < end ? (h.event.total?.traffic?.requests ?? 0) : 0), 0);
  return requests === 0 || requests >= needed(0.99) ? undefined : `P99 is drawn where there are ${needed(0.99)} requests in ${formatDuration(over)}; now there are ${requests.toLocaleString('en-US')}.`;
}

/** The charts of the seconds that are held. */
export function Charts({ frame, utc }: { frame: Frame; utc: boolean }) {
  const shown = between(frame.buffer, frame.end - frame.length, frame.end);
  // Where no second came, that nobody told of something is not known: the charts show the gap.
  const seconds = shown.length > 0 ? shown : frame.buffer;
  const some = (has: Drawn['has']) => seconds.some(({ event }) => event.total !== null && has(event.total));
  const told = (d: Drawn) => some(d.has);
  // Of instances that did not answer, it is not known what they tell of.
  const answered = some(() => true);
  const missing = answered ? sometimes.filter((d) => !told(d)).map((d) => d.what) : [];
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
        {[...always, ...sometimes.filter(told)].map((d) => (
          <ChartCard
            key={d.title}
            title={titleOf(d, frame)}
            hint={d.hint}
            asked={{ data: frame, error: null, dataUpdatedAt: frame.end, refetch: () => undefined }}
            isEmpty={() => !told(d)}
            empty={!answered ? 'No instance answered.' : d.ofRequests === true && !some(proxied) ? noProxy : d.empty}
            truncated={d.truncated}
            height={150}
            read={d.read}
            draw={(data, height) => <Chart label={titleOf(d, frame)} kind={frame.split === 'none' ? d.kind : 'line'} {...data} utc={utc} height={height} syncKey="live" />}
          />
        ))}
      </SimpleGrid>
      {missing.length > 0 && (
        <Text size="xs" c="dimmed">
          None of these instances tells of {missing.join(' or ')}.
        </Text>
      )}
    </>
  );
}

function titleOf(d: Drawn, frame: Frame): string {
  if (d.title !== 'Durations') return d.title;
  return frame.split === 'none' ? `Durations over ${formatDuration(frame.over)}` : `${frame.percentile.toUpperCase()} over ${formatDuration(frame.over)}`;
}
