import { ActionIcon, Button, Group, Menu, Popover, Select, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconChevronLeft, IconChevronRight, IconClock, IconRefresh, IconZoomOut, IconZoomReset } from '@tabler/icons-react';
import { useState } from 'react';
import { formatInstant, formatLength, minute, parseInstant, parseLength, presets, rangeLabel, resolveRange, second } from '@/lib/time';
import { usePageView } from '@/view/view';
import { useZoom } from '@/view/zoom';

const refreshes = [0, 5 * second, 10 * second, 30 * second, minute, 5 * minute];
const comparisons = [
  { value: '', label: 'Compare with nothing' },
  { value: 'previous', label: 'Compare with the time before' },
  { value: '1d', label: 'Compare with yesterday' },
  { value: '7d', label: 'Compare with last week' },
];

export interface TimeControlsProps {
  /** Whether the page asks again by itself. */
  refresh?: boolean;
  /** Whether the page compares with the past. */
  compare?: boolean;
}

/** Time range, refresh and comparison of the whole page. */
export function TimeControls({ refresh = true, compare = true }: TimeControlsProps) {
  const { view, change, setRange } = usePageView();
  const client = useQueryClient();
  const { zoomed, reset } = useZoom();
  const [open, setOpen] = useState(false);

  const shift = (direction: -1 | 1) => {
    const { start, end } = resolveRange(view.range, Date.now());
    const by = ((end - start) / 2) * direction;
    setRange({ kind: 'absolute', start: start + by, end: end + by });
  };
  const widen = () => {
    const { start, end } = resolveRange(view.range, Date.now());
    const by = (end - start) / 2;
    if (view.range.kind === 'relative') setRange({ kind: 'relative', length: view.range.length * 2 });
    else setRange({ kind: 'absolute', start: start - by, end: end + by });
  };

  return (
    <Group gap={6} role="group" aria-label="Time">
      <Button.Group>
        <ActionIcon variant="default" size={30} aria-label="Earlier" aria-keyshortcuts="[" onClick={() => shift(-1)}>
          <IconChevronLeft size={16} />
        </ActionIcon>
        <Popover opened={open} onChange={setOpen} position="bottom-end" trapFocus>
          <Popover.Target>
            <Button variant="default" size="xs" leftSection={<IconClock size={14} />} onClick={() => setOpen(!open)} aria-expanded={open} aria-keyshortcuts="t">
              {rangeLabel(view.range, view.utc)}
            </Button>
          </Popover.Target>
          <Popover.Dropdown>
            <RangePicker onDone={() => setOpen(false)} />
          </Popover.Dropdown>
        </Popover>
        <ActionIcon variant="default" size={30} aria-label="Later" aria-keyshortcuts="]" onClick={() => shift(1)} disabled={view.range.kind === 'relative'}>
          <IconChevronRight size={16} />
        </ActionIcon>
        <ActionIcon variant="default" size={30} aria-label="Twice as long" onClick={widen}>
          <IconZoomOut size={16} />
        </ActionIcon>
        {zoomed && (
          <ActionIcon variant="default" size={30} aria-label="Leave the zoom" title="Leave the zoom; a double click on a chart goes back by one step" onClick={reset}>
            <IconZoomReset size={16} />
          </ActionIcon>
        )}
      </Button.Group>
      {refresh && (
        <Button.Group>
          <ActionIcon variant="default" size={30} aria-label="Refresh now" aria-keyshortcuts="r" onClick={() => void client.invalidateQueries()}>
            <IconRefresh size={16} />
          </ActionIcon>
          <Menu>
            <Menu.Target>
              <Button variant="default" size="xs" aria-label={`Refresh: ${view.refresh === 0 ? 'off' : `every ${formatLength(view.refresh)}`}`}>
                {view.refresh === 0 ? 'off' : formatLength(view.refresh)}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {refreshes.map((ms) => (
                <Menu.Item key={ms} onClick={() => change({ refresh: ms })}>
                  {ms === 0 ? 'Off' : `Every ${formatLength(ms)}`}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        </Button.Group>
      )}
      {compare && (
        <Select
          size="xs"
          w={230}
          aria-label="Compare with"
          data={comparisons.some((c) => c.value === view.compare) ? comparisons : [...comparisons, { value: view.compare, label: `Compare with ${view.compare} before` }]}
          value={view.compare}
          onChange={(value) => change({ compare: value ?? '' })}
          allowDeselect={false}
        />
      )}
    </Group>
  );
}

function RangePicker({ onDone }: { onDone: () => void }) {
  const { view, change, setRange } = usePageView();
  const [opened] = useState(() => resolveRange(view.range, Date.now()));
  const [from, setFrom] = useState(text(opened.start, view.utc));
  const [to, setTo] = useState(text(opened.end, view.utc));
  const [length, setLength] = useState('');
  const start = instant(from, view.utc);
  const end = instant(to, view.utc);
  const given = parseLength(length);
  const wrong = start === undefined || end === undefined ? 'such as 2026-03-01 10:00' : end <= start ? 'must be after the start' : undefined;

  return (
    <Group align="flex-start" gap="lg" wrap="wrap">
      <Stack gap={2}>
        {presets.map((p) => (
          <Button
            key={p.length}
            size="compact-sm"
            variant={view.range.kind === 'relative' && view.range.length === p.length ? 'light' : 'subtle'}
            justify="flex-start"
            onClick={() => {
              setRange({ kind: 'relative', length: p.length });
              onDone();
            }}
          >
            {p.label}
          </Button>
        ))}
      </Stack>
      <Stack gap="xs" w={230}>
        <form
          onSubmit={(e) => {
            e.preventDefault();
            if (given === undefined) return;
            setRange({ kind: 'relative', length: given });
            onDone();
          }}
        >
          <TextInput label="The last" placeholder="90m, 36h, 2d" value={length} onChange={(e) => setLength(e.currentTarget.value)} error={length !== '' && given === undefined ? 'such as 90m, 36h or 2d' : undefined} />
        </form>
        <form
          onSubmit={(e) => {
            e.preventDefault();
            if (start === undefined || end === undefined || wrong !== undefined) return;
            setRange({ kind: 'absolute', start, end });
            onDone();
          }}
        >
          <Stack gap="xs">
            <TextInput label={`From (${view.utc ? 'UTC' : 'local time'})`} value={from} onChange={(e) => setFrom(e.currentTarget.value)} error={start === undefined ? wrong : undefined} />
            <TextInput label="To" value={to} onChange={(e) => setTo(e.currentTarget.value)} error={start === undefined ? undefined : wrong} />
            <Button type="submit" size="xs" disabled={wrong !== undefined}>
              Apply
            </Button>
          </Stack>
        </form>
        <Switch label="Times in UTC" checked={view.utc} onChange={(e) => change({ utc: e.currentTarget.checked })} />
        <Text size="xs" c="dimmed">
          Drag over a chart to zoom, with Shift or along its axis to move, double-click to go back.
        </Text>
      </Stack>
    </Group>
  );
}

const text = (ms: number, utc: boolean) => formatInstant(Math.round(ms / second) * second, utc);

/** An instant as the picker shows it, or of RFC 3339. */
function instant(value: string, utc: boolean): number | undefined {
  const trimmed = value.trim();
  if (!/^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?$/.test(trimmed)) return parseInstant(trimmed);
  const iso = trimmed.replace(' ', 'T');
  const full = iso.includes('T') ? iso : `${iso}T00:00`;
  const ms = Date.parse(utc ? `${full}Z` : full);
  return Number.isNaN(ms) ? undefined : ms;
}
