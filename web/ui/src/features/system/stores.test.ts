import { expect, it } from 'vitest';
import { parseExposition, Readings } from './exposition';
import { storesOf } from './stores';

it('lists what is kept, with sizes that are known', () => {
  const m = new Readings(parseExposition('prometheus_tsdb_storage_blocks_bytes 7\nendscope_logs_table_bytes{table="T"} 5\nendscope_logs_table_partitions{table="T"} 1\nendscope_logs_table_bytes{table="U"} 3\n'), undefined, 0);
  expect(storesOf(m, '93d').map((s) => [s.what, s.bytes, s.kept])).toEqual([
    ['Blocks of samples', 7, 'at most 93d'],
    ['Newest samples', null, 'until they are in a block'],
    ['Journal of samples', null, 'until they are in a block'],
    ['T', 5, '1 day so far'],
    ['U', 3, 'no day yet'],
    ['Journal of rows', null, 'until they are in their table'],
  ]);
});
