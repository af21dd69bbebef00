import { Text } from '@mantine/core';
import type { MetricsAnswer } from '@/api/types';
import { notesOf } from '@/components/chart/answer';
import { DataTable, type Column } from '@/components/DataTable';
import { Figure } from '@/components/Figure';
import { Panel, type Asked } from '@/components/Panel';
import { Status } from '@/components/Status';
import { formatDifference } from './figures';
import { statusRows, type StatusRow } from './statuses';

/** How the requests of each scope were answered, and how that differs from the first's. */
export function StatusPanel({ scopes, names, asked }: { scopes: readonly string[]; names: readonly string[]; asked: Asked<MetricsAnswer> }) {
  return (
    <Panel title="Answers by status" hint="Share of the requests of each by the endpoint's status and the model's" asked={asked} isEmpty={(a) => statusRows(scopes, a).rows.length === 0} empty="No request was answered in this time." height={160} truncated={notesOf}>
      {(answer) => <DataTable label="Answers by status" columns={columnsOf(names)} rows={statusRows(scopes, answer).rows} rowKey={(r) => `${r.status} ${r.model}`} />}
    </Panel>
  );
}

function columnsOf(names: readonly string[]): Column<StatusRow>[] {
  return [
    {
      key: 'status',
      label: 'Status',
      render: (r) => <Status kind={r.status >= '500' || r.status === '424' ? 'critical' : r.status >= '400' ? 'warning' : 'ok'}>{r.status}</Status>,
    },
    {
      key: 'model',
      label: "The model's",
      hint: 'What the model answered; empty where no model did',
      render: (r) => (
        <Text span size="sm">
          {r.model === '' ? 'none' : r.model}
        </Text>
      ),
    },
    ...names.map(
      (name, i): Column<StatusRow> => ({
        key: `${i} ${name}`,
        label: name,
        numeric: true,
        render: ({ shares }) => {
          const [first, own] = [shares[0] ?? null, shares[i] ?? null];
          return (
            <>
              <Figure value={own} unit="Ratio" />
              {i > 0 && own !== null && first !== null && (
                <Text size="xs" c="dimmed">
                  {formatDifference(own - first, 'Ratio')}
                </Text>
              )}
            </>
          );
        },
      }),
    ),
  ];
}
