import { DataTable, type Column } from '@/components/DataTable';
import { Figure } from '@/components/Figure';
import { Panel, type Asked } from '@/components/Panel';
import { useSort } from '@/view/params';
import type { Readings } from './exposition';
import { storesOf, type Stored } from './stores';

const columns: Column<Stored>[] = [
  { key: 'what', label: 'What', value: (s) => s.what, render: (s) => <span title={s.hint}>{s.what}</span> },
  { key: 'bytes', label: 'Size', numeric: true, value: (s) => s.bytes, render: (s) => <Figure value={s.bytes} unit="Bytes" /> },
  { key: 'kept', label: 'Kept', render: (s) => s.kept },
];

/** What is on the server's disk, and for how long. */
export function StoragePanel({ asked, retention }: { asked: Asked<Readings>; retention: string | undefined }) {
  const [sort, setSort] = useSort({ key: 'bytes', descending: true }, 'stores');
  return (
    <Panel title="On disk" asked={asked} height={160}>
      {(m) => <DataTable label="On disk" columns={columns} rows={storesOf(m, retention)} rowKey={(s) => s.what} sort={sort} onSort={setSort} />}
    </Panel>
  );
}
