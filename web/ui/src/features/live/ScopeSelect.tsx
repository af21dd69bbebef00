import { Select } from '@mantine/core';
import { useMemo } from 'react';
import { useScopes } from '@/api/hooks';
import type { Scope } from '@/api/types';
import { defaultView } from '@/lib/urlstate';

const everything = { value: '*', label: 'Everything' };

/** Who is watched: all, or an endpoint, a deployment or an instance. */
export function ScopeSelect({ value, onChange }: { value: string; onChange: (scope: string) => void }) {
  const scopes = useScopes({ ...defaultView, refresh: 0 });
  const data = useMemo(() => {
    const all = flatten(scopes.data ?? []);
    const names = value === '*' || all.includes(value) ? all : [value, ...all]; // a pattern of the URL
    return [everything, ...names.map((scope) => ({ value: scope, label: scope }))];
  }, [scopes.data, value]);
  return (
    <Select
      size="xs"
      w={250}
      aria-label="Scope"
      title="Whose requests and resources are watched"
      data={data}
      value={value}
      onChange={(scope) => onChange(scope ?? '*')}
      allowDeselect={false}
      searchable
      limit={200}
      nothingFoundMessage="No such endpoint, deployment or instance"
    />
  );
}

const flatten = (scopes: readonly Scope[]): string[] => scopes.flatMap((s) => [s.scope, ...flatten(s.children ?? [])]);
