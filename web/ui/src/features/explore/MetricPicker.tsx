import { Button, Combobox, Group, Text, useCombobox } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { byCategory, searchChoices, type Choice } from './definitions';
import classes from './Pickers.module.css';

interface Props {
  choices: readonly Choice[];
  loading: boolean;
  onChoose: (name: string) => void;
  label: string;
  icon?: ReactNode;
  children: ReactNode;
}

/** The catalogue with a search: every metric with what it means and in what it is measured. */
export function MetricPicker({ choices, loading, onChoose, label, icon, children }: Props) {
  const [search, setSearch] = useState('');
  const box = useCombobox({
    onDropdownClose: () => {
      box.resetSelectedOption();
      setSearch('');
    },
    onDropdownOpen: () => box.focusSearchInput(),
  });
  const found = searchChoices(choices, search);
  return (
    <Combobox
      store={box}
      width={460}
      position="bottom-start"
      onOptionSubmit={(name) => {
        onChoose(name);
        box.closeDropdown();
      }}
    >
      <Combobox.Target targetType="button">
        <Button variant="default" size="xs" leftSection={icon} onClick={() => box.toggleDropdown()} aria-label={label}>
          {children}
        </Button>
      </Combobox.Target>
      <Combobox.Dropdown maw="calc(100vw - 20px)">
        <Combobox.Search
          value={search}
          onChange={(e) => {
            setSearch(e.currentTarget.value);
            box.updateSelectedOptionIndex();
          }}
          placeholder="Find a metric by its name or meaning"
          aria-label="Find a metric"
        />
        <Combobox.Options mah={400} className={classes.options}>
          {byCategory(found).map(([category, list]) => (
            <Combobox.Group key={category} label={category}>
              {list.map((c) => (
                <Combobox.Option key={c.name} value={c.name}>
                  <Group justify="space-between" wrap="nowrap" gap="xs">
                    <Text span size="sm" fw={600} truncate>
                      {c.displayName}
                    </Text>
                    <Text span size="xs" c="dimmed" style={{ flex: 'none' }}>
                      {c.unit}
                    </Text>
                  </Group>
                  <Text size="xs" c="dimmed" className={classes.about} title={c.description}>
                    {c.description}
                  </Text>
                </Combobox.Option>
              ))}
            </Combobox.Group>
          ))}
          {found.length === 0 && <Combobox.Empty>{loading ? 'Loading' : 'No metric of these scopes is like that'}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
