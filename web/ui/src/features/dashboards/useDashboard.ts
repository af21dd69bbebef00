import { useMemo } from 'react';
import { useScopes } from '@/api/hooks';
import { readDashboard, type Dashboard, type Variable } from '@/lib/dashboard';
import { valuesOf, type Values } from '@/lib/dashboardVariables';
import { defaultView } from '@/lib/urlstate';
import type { ResourceDocument } from '@/panels/resources/types';
import { useParamState } from '@/view/params';

/** A stored document, read. */
export function useRead(document: ResourceDocument): Dashboard {
  return useMemo(() => readDashboard(document), [document]);
}

/** What the variables of a dashboard stand for on this page, and the scopes that they are chosen from. */
export function useValues(variables: readonly Variable[]): { values: Values; scopes: ReturnType<typeof useScopes> } {
  const { params } = useParamState();
  const key = params.toString();
  const values = useMemo(() => valuesOf(variables, new URLSearchParams(key)), [variables, key]);
  const scopes = useScopes({ ...defaultView, refresh: 0 });
  return { values, scopes };
}
