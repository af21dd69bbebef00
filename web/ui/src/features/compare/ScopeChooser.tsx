import { MultiSelect } from '@mantine/core';
import { useMemo } from 'react';
import type { Scope } from '@/api/types';
import { mostCompared } from '@/view/compare';

const flat = (scopes: readonly Scope[]): string[] => scopes.flatMap((s) => [s.scope, ...flat(s.children ?? [])]);

/** Chooses what is compared, out of all scopes and those that the URL names. */
export function ScopeChooser({ tree, chosen, onChange }: { tree: readonly Scope[]; chosen: string[]; onChange: (scopes: string[]) => void }) {
  const data = useMemo(() => [...new Set([...flat(tree), ...chosen])], [tree, chosen]);
  return (
    <MultiSelect
      aria-label="What is compared"
      placeholder={chosen.length === 0 ? 'Endpoints, deployments or instances' : ''}
      size="xs"
      data={data}
      value={chosen}
      onChange={onChange}
      maxValues={mostCompared}
      limit={50}
      searchable
      hidePickedOptions
      nothingFoundMessage="No scope is called that"
      style={{ flex: '1 1 280px', maxWidth: 620 }}
    />
  );
}
