import { Button, Group } from '@mantine/core';
import type { LogRow, LogTable } from '@/components/logs/answer';
import { ViewLink } from '@/view/ViewLink';
import { rowLinks } from './links';

/** From a row to what is around it. */
export function RowLinks({ table, row, onFollow }: { table: LogTable; row: LogRow; onFollow: () => void }) {
  const links = rowLinks(table, row);
  if (links.length === 0) return null;
  return (
    <Group gap={6} mb="sm" component="nav" aria-label="Around this row">
      {links.map((l) => (
        <Button key={l.label} component={ViewLink} to={l.to} params={l.params} size="compact-sm" variant="light" title={l.hint} onClick={onFollow}>
          {l.label}
        </Button>
      ))}
    </Group>
  );
}
