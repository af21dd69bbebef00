import { ActionIcon, Drawer, Group, Switch, Text, Tooltip } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconCheck, IconChevronDown, IconChevronUp, IconCopy, IconFilter, IconFilterX } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { formatUTC } from '@/lib/time';
import { copyText } from '../copy';
import type { Cell, LogColumn, LogRow, LogTable } from './answer';
import { cellExact, cellText, isDynamic, isTime, parseDynamic } from './cells';
import { isEmptyCell } from './columns';
import { JsonTree } from './JsonTree';
import classes from './Row.module.css';

interface Props {
  table: LogTable;
  /** The row that is looked at; undefined for none. */
  row: LogRow | undefined;
  /** Such as row 5 of 100. */
  title: string;
  utc: boolean;
  onClose: () => void;
  /** To the row before or after; undefined where there is none. */
  onPrevious: (() => void) | undefined;
  onNext: (() => void) | undefined;
  /** Narrows the rows to those that have the value, or have it not. */
  onNarrow?: (column: LogColumn, cell: Cell, keep: boolean) => void;
  hintOf?: ((column: string) => string | undefined) | undefined;
  /** Where this row leads. */
  links?: ReactNode;
}

/** All of one row: each value in full, dynamic ones as trees. */
export function RowDrawer({ table, row, title, utc, onClose, onPrevious, onNext, onNarrow, hintOf, links }: Props) {
  const [all, setAll] = useState(false);
  useHotkeys(
    row === undefined
      ? []
      : [
          ['ArrowUp', () => onPrevious?.()],
          ['ArrowDown', () => onNext?.()],
        ],
    ['INPUT', 'TEXTAREA', 'SELECT', 'SUMMARY'],
  );
  const fields = table.columns.map((column, i) => ({ column, cell: row?.[i] ?? null }));
  const empty = fields.filter((f) => isEmptyCell(f.cell)).length;
  const shown = all ? fields : fields.filter((f) => !isEmptyCell(f.cell));
  return (
    <Drawer opened={row !== undefined} onClose={onClose} position="right" size="lg" title={title}>
      <Group justify="space-between" mb="xs">
        <Group gap={4}>
          <ActionIcon variant="default" aria-label="Row before" title="Row before (↑)" disabled={onPrevious === undefined} onClick={onPrevious}>
            <IconChevronUp size={16} />
          </ActionIcon>
          <ActionIcon variant="default" aria-label="Next row" title="Next row (↓)" disabled={onNext === undefined} onClick={onNext}>
            <IconChevronDown size={16} />
          </ActionIcon>
          <Copy label="Copy the row as JSON" text={() => JSON.stringify(Object.fromEntries(fields.map((f) => [f.column.name, isDynamic(f.column) ? parseDynamic(f.cell) : f.cell])), null, 2)} />
        </Group>
        {empty > 0 && <Switch size="xs" label={`${empty} empty ${empty === 1 ? 'field' : 'fields'}`} checked={all} onChange={(e) => setAll(e.currentTarget.checked)} />}
      </Group>
      {links}
      <table className={classes.fields}>
        <tbody>
          {shown.map(({ column, cell }) => (
            <tr key={column.name}>
              <th scope="row" title={hintOf?.(column.name) ?? column.type}>
                {column.name}
              </th>
              <td>
                <Value column={column} cell={cell} utc={utc} />
              </td>
              <td className={classes.actions}>
                {onNarrow !== undefined && (
                  <>
                    <Action label={`Only rows with this ${column.name}`} icon={<IconFilter size={14} />} onClick={() => onNarrow(column, cell, true)} />
                    <Action label={`No rows with this ${column.name}`} icon={<IconFilterX size={14} />} onClick={() => onNarrow(column, cell, false)} />
                  </>
                )}
                <Copy label={`Copy ${column.name}`} text={() => cellExact(cell)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Drawer>
  );
}

function Value({ column, cell, utc }: { column: LogColumn; cell: Cell; utc: boolean }) {
  if (isEmptyCell(cell)) {
    return (
      <Text size="xs" c="dimmed">
        {cell === null ? 'no value' : 'empty'}
      </Text>
    );
  }
  const parsed = isDynamic(column) ? parseDynamic(cell) : undefined;
  if (typeof parsed === 'object' && parsed !== null) return <JsonTree value={parsed} />;
  if (isTime(column) && typeof cell === 'string') return <span title={`${formatUTC(Date.parse(cell))}, exactly ${cell}`}>{cellText(cell, column, utc)}</span>;
  return <div className={classes.value}>{cellExact(cell)}</div>;
}

function Action({ label, icon, onClick }: { label: string; icon: ReactNode; onClick: () => void }) {
  return (
    <Tooltip label={label} openDelay={400}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}

function Copy({ label, text }: { label: string; text: () => string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    setCopied(await copyText(text()));
    setTimeout(() => setCopied(false), 1500);
  };
  return <Action label={copied ? 'Copied' : label} icon={copied ? <IconCheck size={14} /> : <IconCopy size={14} />} onClick={() => void copy()} />;
}
