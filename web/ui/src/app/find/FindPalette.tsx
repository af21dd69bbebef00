import { Loader, Modal, ScrollArea, Text, TextInput, VisuallyHidden } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router';
import { carryView } from '@/lib/urlstate';
import classes from './FindPalette.module.css';
import { find, type Entry, type Kind } from './rank';
import { useEntries } from './useEntries';

const names: Record<Kind, string> = { page: 'Pages', scope: 'Endpoints, deployments, instances', metric: 'Metrics', rule: 'Alert rules', dashboard: 'Dashboards', query: 'Saved queries' };

/** The scope whose page is open, or all endpoints. */
function scopeOf(pathname: string): string {
  const [, place, ...parts] = pathname.split('/');
  return place === 'endpoints' && parts.length > 0 ? parts.map(decodeURIComponent).join('/') : '*';
}

/** Where an entry leads, with the time of this page. */
function target(entry: Entry, search: URLSearchParams): string {
  const [path = '', own = ''] = entry.to.split('?');
  return path + carryView(search, Object.fromEntries(new URLSearchParams(own)));
}

interface Props {
  /** What is typed. It is kept outside, where keys arrive before the palette is there. */
  text: string;
  onText: (text: string) => void;
  onClose: () => void;
}

/** Keys go to the field from the moment on at which it is there: the modal's own focus comes later, and an Enter before it would be lost. */
function focus(field: HTMLInputElement | null) {
  field?.focus();
}

/** Finds anything by a few letters. */
export default function FindPalette({ text, onText, onClose }: Props) {
  const { pathname } = useLocation();
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const [at, setAt] = useState(0);
  const id = useId();
  const active = useRef<HTMLDivElement>(null);
  const { entries, waiting, failed } = useEntries(scopeOf(pathname));
  const groups = useMemo(() => find(entries, text), [entries, text]);
  const shown = useMemo(() => groups.flatMap((g) => g.entries), [groups]);
  const chosen = Math.min(at, shown.length - 1);

  useEffect(() => {
    active.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen, groups]);

  const open = (entry: Entry | undefined, apart: boolean) => {
    if (entry === undefined) return;
    const to = target(entry, search);
    if (apart) {
      window.open(new URL(`.${to}`, document.baseURI), '_blank', 'noopener');
      return;
    }
    onClose();
    void navigate(to);
  };
  const onKeyDown = (e: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, PageDown: Math.min(chosen + 8, shown.length - 1), PageUp: Math.max(chosen - 8, 0) };
    const next = steps[e.key];
    if (next !== undefined) setAt(shown.length === 0 ? 0 : (next + shown.length) % shown.length);
    else if (e.key === 'Enter' && !e.nativeEvent.isComposing) open(shown[chosen], e.ctrlKey || e.metaKey);
    else return;
    e.preventDefault();
  };
  const optionId = (entry: Entry) => `${id}-${entry.kind}-${entry.id}`;
  const here = shown[chosen];

  return (
    <Modal opened onClose={onClose} withCloseButton={false} returnFocus={false} size="lg" padding={0} yOffset="8vh" transitionProps={{ duration: 0 }} attributes={{ content: { 'aria-label': 'Find' } }}>
      <TextInput
        ref={focus}
        data-autofocus
        size="md"
        variant="unstyled"
        className={classes.field}
        leftSection={<IconSearch size={18} aria-hidden />}
        rightSection={waiting ? <Loader size={16} aria-label="Asking the server" /> : undefined}
        placeholder="Find an endpoint, metric, rule, dashboard, query or page"
        aria-label="Find an endpoint, metric, rule, dashboard, query or page"
        role="combobox"
        aria-expanded={shown.length > 0}
        aria-controls={id}
        aria-autocomplete="list"
        aria-activedescendant={here === undefined ? undefined : optionId(here)}
        value={text}
        onChange={(e) => {
          onText(e.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ScrollArea.Autosize mah="min(60vh, 520px)" type="auto">
        <div id={id} role="listbox" aria-label="Found">
          {groups.map((group) => (
            <div key={group.kind} role="group" aria-label={names[group.kind]}>
              <Text size="xs" fw={600} c="dimmed" px="sm" pt={8} pb={2} aria-hidden>
                {names[group.kind]}
                {group.more > 0 && ` · ${group.entries.length} of ${group.entries.length + group.more}`}
              </Text>
              {group.entries.map((entry) => (
                <div
                  key={entry.id}
                  ref={entry === here ? active : undefined}
                  id={optionId(entry)}
                  role="option"
                  tabIndex={-1}
                  aria-selected={entry === here}
                  className={classes.option}
                  onPointerMove={() => entry !== here && setAt(shown.indexOf(entry))}
                  onClick={(e) => open(entry, e.ctrlKey || e.metaKey)}
                >
                  <span className={classes.label}>{entry.label}</span>
                  <span className={classes.what}>{entry.what}</span>
                </div>
              ))}
            </div>
          ))}
        </div>
        {shown.length === 0 && (
          <Text size="sm" c="dimmed" p="md" ta="center">
            {waiting ? 'Asking the server…' : `Nothing is called “${text.trim()}”.`}
          </Text>
        )}
      </ScrollArea.Autosize>
      {failed.length > 0 && (
        <Text size="xs" px="sm" py={6} role="status">
          Not searched, because the server did not answer: {failed.join(', ')}.
        </Text>
      )}
      <Text size="xs" c="dimmed" px="sm" py={8} className={classes.foot}>
        ↑ ↓ to choose, Enter to open, Ctrl+Enter in a new tab, Esc to close
      </Text>
      <VisuallyHidden role="status">{shown.length === 1 ? '1 found' : `${shown.length} found`}</VisuallyHidden>
    </Modal>
  );
}
