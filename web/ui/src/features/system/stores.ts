/** What the server keeps on its disk. */

import type { Readings } from './exposition';

export interface Stored {
  what: string;
  hint: string;
  bytes: number | null;
  /** How long it is kept, or for how many days there are data. */
  kept: string;
}

/** Every store with its size: the parts of the metric store, the tables of the logs, and what both journal. */
export function storesOf(m: Readings, retention: string | undefined): Stored[] {
  const days = new Map(m.by('endscope_logs_table_partitions', 'table').map((g) => [g.labels.table ?? '', g.value]));
  const count = (n: number | undefined) => (n === undefined ? 'no day yet' : `${n} ${n === 1 ? 'day' : 'days'} so far`);
  return [
    { what: 'Blocks of samples', hint: 'Samples of more than about three hours ago, and roll-ups', bytes: m.value('prometheus_tsdb_storage_blocks_bytes'), kept: retention === undefined ? '' : `at most ${retention}` },
    { what: 'Newest samples', hint: 'Chunks of series that are in memory', bytes: m.value('prometheus_tsdb_head_chunks_storage_size_bytes'), kept: 'until they are in a block' },
    { what: 'Journal of samples', hint: 'The write-ahead log, read at a start', bytes: m.value('prometheus_tsdb_wal_storage_size_bytes'), kept: 'until they are in a block' },
    ...m.by('endscope_logs_table_bytes', 'table').map((g) => ({ what: g.labels.table ?? '', hint: 'A table of the logs; the configuration says for how long rows are kept', bytes: g.value, kept: count(days.get(g.labels.table ?? '')) })),
    { what: 'Journal of rows', hint: 'Rows that were acknowledged and are not in their tables yet, and room for more', bytes: m.value('endscope_logs_journal_bytes'), kept: 'until they are in their table' },
  ];
}
