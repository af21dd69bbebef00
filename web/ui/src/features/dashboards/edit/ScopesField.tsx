import { TagsInput } from '@mantine/core';
import { useMemo } from 'react';
import { useScopes } from '@/api/hooks';
import type { Variable } from '@/lib/dashboard';
import { defaultView } from '@/lib/urlstate';
import { scopeChoices } from './scopeChoices';

interface Props {
  value: readonly string[];
  variables: readonly Variable[];
  description: string;
  onChange: (scopes: string[]) => void;
}

/** The scopes that a tile is about: variables, patterns, or what there is. */
export function ScopesField({ value, variables, description, onChange }: Props) {
  const scopes = useScopes({ ...defaultView, refresh: 0 });
  const choices = useMemo(() => scopeChoices(variables, scopes.data ?? []), [variables, scopes.data]);
  return <TagsInput label="Scopes" description={description} data={choices} value={[...value]} onChange={onChange} clearable maxTags={50} limit={200} maxDropdownHeight={300} placeholder={value.length === 0 ? 'endpoint/deployment/instance, with * for any' : ''} />;
}
