import { ActionIcon, Group, Text } from '@mantine/core';
import { IconPinFilled, IconPin } from '@tabler/icons-react';
import { DataTable, type Column } from '@/components/DataTable';
import { Figure } from '@/components/Figure';
import { Status } from '@/components/Status';
import { formatExact } from '@/lib/units';
import { formatDifference, formatRelative, type Difference, type FigureRow } from './figures';

/** Every figure of every scope, with its difference to that of the first. */
export function FiguresTable({ names, rows }: { names: readonly string[]; rows: readonly FigureRow[] }) {
  const columns: Column<FigureRow>[] = [
    {
      key: 'figure',
      label: 'Figure',
      quiet: true,
      render: (r) => (
        <Text size="sm" fw={600} title={r.kind.hint}>
          {r.kind.label}
        </Text>
      ),
    },
    ...names.map(
      (name, i): Column<FigureRow> => ({
        key: `${i} ${name}`,
        label: name,
        numeric: true,
        render: ({ kind, cells }) => {
          const cell = cells[i];
          if (cell === undefined) return null;
          return (
            <>
              <Figure value={cell.value} before={cell.before} unit={kind.unit} />
              {cell.difference !== null && <Against difference={cell.difference} unit={kind.unit} first={names[0] ?? ''} />}
            </>
          );
        },
      }),
    ),
  ];
  return <DataTable label="Figures" columns={columns} rows={rows} rowKey={(r) => r.kind.metric} />;
}

function Against({ difference: { absolute, relative, verdict }, unit, first }: { difference: Difference; unit: string; first: string }) {
  const text = `${formatDifference(absolute, unit)} (${formatRelative(relative)})`;
  return (
    <Group gap={4} justify="flex-end" wrap="nowrap" title={`Against ${first}: ${formatExact(absolute, unit)}`}>
      {verdict !== undefined && <Status kind={verdict === 'worse' ? 'warning' : 'ok'} compact>{verdict}</Status>}
      <Text span size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
        {text}
      </Text>
    </Group>
  );
}

/** Says against which scope the others are held, and changes that. */
export function FirstChooser({ names, onFirst }: { names: readonly string[]; onFirst: (i: number) => void }) {
  return (
    <Group gap={4} role="group" aria-label="Compare against">
      <Text size="xs" c="dimmed">
        Differences are to
      </Text>
      {names.map((name, i) => (
        <Group key={name} gap={2} wrap="nowrap">
          <ActionIcon size="sm" variant="subtle" color="gray" aria-label={`Compare against ${name}`} aria-pressed={i === 0} onClick={() => onFirst(i)}>
            {i === 0 ? <IconPinFilled size={14} /> : <IconPin size={14} />}
          </ActionIcon>
          <Text size="xs" fw={i === 0 ? 600 : 400}>
            {name}
          </Text>
        </Group>
      ))}
    </Group>
  );
}
