import { MultiSelect } from '@mantine/core';
import { useResources } from '@/panels/resources/queries';

/** The action groups that a rule tells; one that does not exist is kept, and said. */
export function TellsSelect({ value, onChange, error }: { value: string[]; onChange: (groups: string[]) => void; error?: string | undefined }) {
  const groups = useResources('action-groups', 0);
  const known = new Set((groups.data ?? []).map((g) => g.name));
  const label = (g: string) => (known.has(g) || groups.data === undefined ? g : `${g} (does not exist)`);
  return (
    <MultiSelect
      label="Tells"
      description="Action groups, up to 5. Without any, the routes of the notification policy decide"
      data={[...known, ...value.filter((g) => !known.has(g))].map((g) => ({ value: g, label: label(g) }))}
      value={value}
      onChange={onChange}
      maxValues={5}
      searchable
      nothingFoundMessage="There is no action group of that name"
      error={error}
    />
  );
}
