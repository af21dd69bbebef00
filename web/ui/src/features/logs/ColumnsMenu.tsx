import { Button, Checkbox, Group, Popover, ScrollArea, Stack } from '@mantine/core';
import type { LogTable } from '@/components/logs/answer';

interface Props {
  table: LogTable;
  shown: readonly string[];
  /** Whether somebody chose them. */
  chosen: boolean;
  onChange: (columns: readonly string[] | undefined) => void;
}

/** Says how many columns are shown, and chooses them. */
export function ColumnsMenu({ table, shown, chosen, onChange }: Props) {
  const names = table.columns.map((c) => c.name);
  const count = names.filter((n) => shown.includes(n)).length;
  return (
    <Popover position="bottom-start" trapFocus>
      <Popover.Target>
        <Button size="xs" variant="default" title={chosen ? undefined : 'Without columns that are empty in every row, and without bookkeeping'}>
          {count === names.length ? `${count} columns` : `${count} of ${names.length} columns`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Group gap={6} mb="xs">
          <Button size="compact-xs" variant="default" onClick={() => onChange(names)}>
            All
          </Button>
          <Button size="compact-xs" variant="default" disabled={!chosen} onClick={() => onChange(undefined)}>
            The usual
          </Button>
        </Group>
        <ScrollArea.Autosize mah={360}>
          <Stack gap={4}>
            {names.map((name) => (
              <Checkbox key={name} size="xs" label={name} checked={shown.includes(name)} onChange={(e) => onChange(e.currentTarget.checked ? names.filter((n) => n === name || shown.includes(n)) : shown.filter((n) => n !== name))} />
            ))}
          </Stack>
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}
