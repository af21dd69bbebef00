import { Button, CheckIcon, Combobox, Group, Text, useCombobox } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconStack2 } from '@tabler/icons-react';
import { useState } from 'react';
import { useScopes } from '@/api/hooks';
import { asProblem } from '@/api/problem';
import { usePageView } from '@/view/view';
import classes from './Pickers.module.css';
import { treeLines } from './tree';

interface Props {
  value: readonly string[];
  onChange: (scopes: string[]) => void;
}

const mostLines = 300;
const mostScopes = 50;

/** The scopes of a chart: a tree with a search, of which several may be chosen. */
export function ScopePicker({ value, onChange }: Props) {
  const { view } = usePageView();
  const scopes = useScopes({ ...view, refresh: 0 });
  const [search, setSearch] = useState('');
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const box = useCombobox({
    onDropdownClose: () => {
      box.resetSelectedOption();
      setSearch('');
    },
    onDropdownOpen: () => box.focusSearchInput(),
  });
  const lines = treeLines(scopes.data ?? [], opened, search);
  const shown = lines.slice(0, mostLines);

  const fold = (scope: string, open: boolean) => {
    const next = new Set(opened);
    if (open) next.add(scope);
    else next.delete(scope);
    setOpened(next);
  };
  const toggle = (scope: string) => {
    if (value.includes(scope)) onChange(value.filter((s) => s !== scope));
    else if (value.length < mostScopes) onChange([...value, scope]);
  };
  const foldByKey = (e: React.KeyboardEvent) => {
    if (search !== '' || (e.key !== 'ArrowRight' && e.key !== 'ArrowLeft')) return;
    const line = shown[box.getSelectedOptionIndex()];
    if (line?.open === undefined) return;
    e.preventDefault();
    fold(line.scope, e.key === 'ArrowRight');
  };
  const [first] = value;
  return (
    <Combobox store={box} onOptionSubmit={toggle} width={380} position="bottom-start">
      <Combobox.Target targetType="button">
        <Button variant="default" size="xs" leftSection={<IconStack2 size={14} aria-hidden />} onClick={() => box.toggleDropdown()} aria-label={`Scope: ${value.length === 0 ? 'none' : value.join(', ')}`} maw="100%">
          {first === undefined ? 'Choose a scope' : value.length === 1 ? first : `${first} and ${value.length - 1} more`}
        </Button>
      </Combobox.Target>
      <Combobox.Dropdown maw="calc(100vw - 20px)">
        <Combobox.Search value={search} onChange={(e) => setSearch(e.currentTarget.value)} onKeyDown={foldByKey} placeholder="Find an endpoint, deployment or instance" aria-label="Find a scope" />
        <Combobox.Options mah={360} className={classes.options}>
          {shown.map((line) => (
            <Combobox.Option key={line.scope} value={line.scope} active={value.includes(line.scope)} aria-selected={value.includes(line.scope)}>
              <Group gap={4} wrap="nowrap" pl={line.depth * 18}>
                <span className={classes.fold}>
                  {line.open !== undefined && search === '' && (
                    <button
                      type="button"
                      tabIndex={-1}
                      aria-label={`${line.open ? 'Close' : 'Open'} ${line.label}`}
                      onClick={(e) => {
                        e.stopPropagation();
                        fold(line.scope, line.open !== true);
                      }}
                    >
                      {line.open ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
                    </button>
                  )}
                </span>
                <Text span size="sm" truncate>
                  {search === '' ? line.label : line.scope}
                </Text>
                {line.note !== undefined && search === '' && (
                  <Text span size="xs" c="dimmed" truncate>
                    {line.note}
                  </Text>
                )}
                {value.includes(line.scope) && <CheckIcon size={12} className={classes.check} />}
              </Group>
            </Combobox.Option>
          ))}
          {shown.length === 0 && <Combobox.Empty>{scopes.isPending ? 'Loading' : 'No scope is called so'}</Combobox.Empty>}
        </Combobox.Options>
        <Combobox.Footer>
          <Text size="xs" c="dimmed">
            {scopes.error !== null ? asProblem(scopes.error).message : lines.length > mostLines ? `${lines.length - mostLines} more: search for them` : 'Enter chooses, arrow right opens.'}
          </Text>
        </Combobox.Footer>
      </Combobox.Dropdown>
    </Combobox>
  );
}
