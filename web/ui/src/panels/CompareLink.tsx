import { Anchor } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'react-router';
import { compareLink } from '@/view/compare';

/** A link to the comparison of some scopes. */
export function CompareLink({ scopes, label, children }: { scopes: readonly string[]; label: string; children: ReactNode }) {
  const [search] = useSearchParams();
  return (
    <Anchor component={Link} to={compareLink(search, scopes)} size="xs" aria-label={label}>
      {children}
    </Anchor>
  );
}
