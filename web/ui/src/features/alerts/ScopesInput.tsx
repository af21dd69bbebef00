import { TagsInput } from '@mantine/core';
import { useScopes } from '@/api/hooks';
import { usePageView } from '@/view/view';
import { scopePatterns } from './scopePatterns';

interface Props {
  label: string;
  description: string;
  value: string[];
  onChange: (scopes: string[]) => void;
  error?: string | undefined;
  required?: boolean;
}

/** Scopes and patterns of scopes, with those that there are to choose from. */
export function ScopesInput({ label, description, value, onChange, error, required = false }: Props) {
  const { view } = usePageView();
  const scopes = useScopes(view);
  return <TagsInput label={label} description={description} data={scopePatterns(scopes.data ?? [])} value={value} onChange={onChange} error={error} withAsterisk={required} clearable placeholder={value.length === 0 ? 'endpoint/deployment/instance, with * for any' : ''} maxDropdownHeight={320} />;
}
