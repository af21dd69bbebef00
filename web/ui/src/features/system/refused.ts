/** What the server turned away since it started, and why. */

import type { Readings } from './exposition';

export interface Refusal {
  what: string;
  /** The server's word for the reason. */
  reason: string;
  /** What it means, and what to do. */
  why: string;
  count: number;
  /** How many per minute now; null before there are two readings. */
  perMinute: number | null;
}

/** Reasons in words. What is not here is its own word. */
const meanings: Readonly<Record<string, string>> = {
  duplicate_label: 'A label is there twice',
  duplicate_sample: 'Another value was there for that time already',
  empty_row: 'The row has no field',
  exemplar: 'An exemplar that cannot be kept; its sample was',
  field_limit: 'A field is longer than a row may have',
  format: 'It could not be read',
  invalid_histogram: 'Its buckets contradict each other',
  invalid_identity: 'It names no valid endpoint, deployment and instance',
  invalid_label: 'A label is no valid text',
  label_limit: 'It has more or longer labels than ingest.max_labels and its like allow',
  no_name: 'It has no name',
  no_sample: 'The series has no sample',
  no_time: 'The row has no time',
  out_of_order: 'It is older than the newest of its series by more than the store takes',
  out_of_range: 'Its time is not one that the store has',
  outside_scope: 'Whoever sent it may not write there',
  row_limit: 'The row is larger than one may be',
  series_limit: 'There are as many series as ingest.max_series and its like allow',
  storage: 'The store could not take it; senders that retry send it again',
  too_far_ahead: "It is from the future: look at the sender's clock",
  too_old: 'It is older than what the store takes',
  unsupported: 'Of a kind that is not stored',
  wrong_type: 'A field is of another type than its column',
};

const limits: Readonly<Record<string, string>> = {
  queries: 'As many ran at once as may',
  samples: 'It would have read more samples than query.max_samples',
  seconds: 'It took longer than query.timeout',
  series: 'It has more series than an answer may',
};

const statuses: Readonly<Record<string, string>> = {
  400: 'It could not be read, or part of it was refused',
  401: 'Nobody said who sends it',
  403: 'Whoever sent it may not write there',
  413: 'It was larger than a push may be',
  415: 'Of a format that is not known',
  429: 'There was too much at once; senders that retry send it again',
  503: 'The server started or stopped; senders that retry send it again',
};

/** Routes that take pushes. */
const isPush = (route: string) => /^(push|remote_write|otlp|loki_push)/.test(route);

interface Source {
  metric: string;
  labels: string[];
  read: (labels: Record<string, string>) => { what: string; reason: string; why: string } | undefined;
}

/** Log queries by how they ended. */
const logQueries = 'endscope_log_query_duration_seconds_count';

const plain = (reason: string) => reason.replaceAll('_', ' ');
const because = (what: string, reason: string, words = meanings) => ({ what, reason: plain(reason), why: words[reason] ?? '' });

const sources: readonly Source[] = [
  { metric: 'endscope_ingest_refused_total', labels: ['reason'], read: (l) => because('samples', l.reason ?? '') },
  { metric: 'endscope_ingest_log_refused_total', labels: ['table', 'reason'], read: (l) => because(`rows of ${l.table ?? ''}`, l.reason ?? '') },
  { metric: 'endscope_logs_refused_rows_total', labels: ['table', 'reason'], read: (l) => because(`rows of ${l.table ?? ''}`, l.reason ?? '') },
  { metric: 'endscope_ingest_metadata_refused_total', labels: [], read: () => ({ what: 'metadata', reason: 'limit', why: 'Descriptions of metrics beyond what is kept' }) },
  { metric: 'endscope_ingest_relabel_dropped_samples_total', labels: [], read: () => ({ what: 'samples', reason: 'relabelling', why: "The server's configuration drops them" }) },
  { metric: 'endscope_ingest_log_relabel_dropped_rows_total', labels: [], read: () => ({ what: 'rows of logs', reason: 'relabelling', why: "The server's configuration drops them" }) },
  { metric: 'endscope_query_limited_total', labels: ['limit'], read: (l) => because('metric queries', l.limit ?? '', limits) },
  { metric: logQueries, labels: ['result'], read: (l) => (l.result === 'busy' ? because('log queries', 'queries', limits) : undefined) },
  { metric: 'endscope_live_refused_total', labels: ['who', 'limit'], read: (l) => ({ what: `live ${l.who ?? ''}s`, reason: plain(l.limit ?? ''), why: 'As many as may be' }) },
  { metric: 'endscope_live_frames_dropped_total', labels: ['reason'], read: (l) => ({ what: 'live frames', reason: plain(l.reason ?? ''), why: 'They are shown only, never stored' }) },
  { metric: 'endscope_logs_tail_dropped_rows_total', labels: [], read: () => ({ what: 'rows of live tails', reason: 'slow reader', why: 'They are stored, but whoever followed them was too slow' }) },
  {
    metric: 'endscope_http_requests_total',
    labels: ['route', 'code'],
    read: ({ route = '', code = '' }) => (isPush(route) && code >= '400' ? { what: `pushes to ${plain(route)}`, reason: `HTTP ${code}`, why: statuses[code] ?? '' } : undefined),
  },
];

/** Log queries whose answer was cut at a limit of rows or bytes, and those that had no turn; null where there are no logs. */
export function limitedLogQueries(readings: Readings): number | null {
  const cut = readings.value(logQueries, { result: 'partial' });
  const busy = readings.value(logQueries, { result: 'busy' });
  return cut === null && busy === null ? null : (cut ?? 0) + (busy ?? 0);
}

/** Everything that was turned away, the most first. Nothing that is 0. */
export function refusals(readings: Readings): Refusal[] {
  return sources
    .flatMap(({ metric, labels, read }) =>
      readings.by(metric, ...labels).flatMap((group) => {
        const words = read(group.labels);
        const rate = readings.rate(metric, group.labels);
        return words === undefined ? [] : [{ ...words, count: group.value, perMinute: rate === null ? null : rate * 60 }];
      }),
    )
    .sort((a, b) => b.count - a.count);
}
