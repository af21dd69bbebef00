import { Select } from '@mantine/core';
import { useMemo } from 'react';
import { useScopes } from '@/api/hooks';
import type { Scope } from '@/api/types';
import { defaultView } from '@/lib/urlstate';

/** Whose rows are seen: all, or those of an endpoint, a deployment or an instance. */
export function ScopeSelect({ value, onChange }: { value: string; onChange: (scope: string) => void }) {
  const scopes = useScopes({ ...defaultView, refresh: 0 });
  const names = useMemo(() => {
    const all = flatten(scopes.data ?? []);
    return value === '' || all.includes(value) ? all : [value, ...all];
  }, [scopes.data, value]);
  return (
    <Select
      size="xs"
      w={240}
      aria-label="Scope"
      title="Whose rows are seen, however the query is written"
      placeholder="All endpoints"
      data={names}
      value={value === '' ? null : value}
      onChange={(scope) => onChange(scope ?? '')}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': 'All endpoints' }}
      limit={200}
      nothingFoundMessage="No such endpoint, deployment or instance"
    />
  );
}

const flatten = (scopes: readonly Scope[]): string[] => scopes.flatMap((s) => [s.scope, ...flatten(s.children ?? [])]);
