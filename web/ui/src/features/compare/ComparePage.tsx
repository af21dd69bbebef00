import { Group, Stack, Text } from '@mantine/core';
import { useEffect, useMemo } from 'react';
import { useScopes } from '@/api/hooks';
import type { Scope } from '@/api/types';
import { notesOf } from '@/components/chart/answer';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { Status } from '@/components/Status';
import { coloursFor } from '@/lib/palette';
import { mostCompared } from '@/view/compare';
import { CompareLink } from '@/panels/CompareLink';
import { useParamState } from '@/view/params';
import { usePageView } from '@/view/view';
import { Charts } from './Charts';
import { DensityPanel } from './DensityPanel';
import { figureRows } from './figures';
import { FiguresTable, FirstChooser } from './FiguresTable';
import { namesOf } from './names';
import { useDensities, useFigures, useStatuses } from './queries';
import { ScopeChooser } from './ScopeChooser';
import { statusRows } from './statuses';
import { StatusPanel } from './StatusPanel';
import { verdictOf } from './verdict';

/** Endpoints, deployments or instances side by side: is one of them worse? */
export function Component() {
  const { view } = usePageView();
  const { params, set } = useParamState();
  const key = params.getAll('scope').join(',');
  const scopes = useMemo(() => [...new Set(key.split(',').filter((s) => s !== ''))].slice(0, mostCompared), [key]);
  const tree = useScopes(view);
  // The time before lies behind the charts, unless somebody chose otherwise.
  const untouched = !params.has('compare');
  useEffect(() => {
    if (untouched) set({ compare: 'previous' });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- when the page opens, and not when somebody chooses nothing
  }, []);

  return (
    <Stack gap="md">
      <PageHead title={scopes.length > 1 ? namesOf(scopes).join(' against ') : 'Compare'} above={[{ to: '/', label: 'Overview' }]}>
        <ScopeChooser tree={tree.data ?? []} chosen={scopes} onChange={(list) => set({ scope: list })} />
      </PageHead>
      {scopes.length < 2 ? <Choose asked={tree} chosen={scopes} /> : <Comparison scopes={scopes} onFirst={(i) => set({ scope: [scopes[i] ?? '', ...scopes.filter((_, n) => n !== i)] })} />}
    </Stack>
  );
}

function Comparison({ scopes, onFirst }: { scopes: string[]; onFirst: (i: number) => void }) {
  const { view } = usePageView();
  const names = useMemo(() => namesOf(scopes), [scopes]);
  const { totals, trends } = useFigures(scopes, view);
  const statuses = useStatuses(scopes, view);
  const densities = useDensities(scopes, view);
  const rows = useMemo(() => (totals.data === undefined ? [] : figureRows(scopes, totals.data, trends.data)), [scopes, totals.data, trends.data]);
  const requests = useMemo(() => (statuses.data === undefined ? undefined : statusRows(scopes, statuses.data).totals.map(Math.round)), [scopes, statuses.data]);
  const has = useMemo(() => new Set(rows.map((r) => r.kind.metric)), [rows]);
  return (
    <>
      <Panel title="Figures" hint="Over the whole time, with the change against the time before" asked={totals} isEmpty={() => rows.length === 0} empty="Nothing was measured of any of them in this time." height={360} truncated={() => notesOf(totals.data, trends.data)} actions={<FirstChooser names={names} onFirst={onFirst} />}>
        {() => (
          <Stack gap="xs">
            {requests !== undefined &&
              names.slice(1).map((name, i) => {
                const verdict = verdictOf(names, rows, requests, i + 1);
                return (
                  <Text key={name} component="div" size="sm">
                    <Status kind={verdict.kind}>{verdict.text}</Status>
                  </Text>
                );
              })}
            <FiguresTable names={names} rows={rows} />
          </Stack>
        )}
      </Panel>
      <DensityPanel names={names} colours={coloursFor([...names])} asked={densities} />
      <StatusPanel scopes={scopes} names={names} asked={statuses} />
      {totals.data !== undefined && <Charts scopes={scopes} names={names} has={has} />}
    </>
  );
}

/** What there is to compare, while fewer than two are chosen. */
function Choose({ asked, chosen }: { asked: ReturnType<typeof useScopes>; chosen: readonly string[] }) {
  const pairs = (tree: readonly Scope[]) => tree.map((s) => ({ name: s.name, scopes: (s.children ?? []).map((c) => c.scope) })).filter((p) => p.scopes.length > 1 && p.scopes.length <= mostCompared);
  return (
    <Panel title="Compare" asked={asked} isEmpty={(tree) => tree.length === 0} empty="No endpoint has sent anything yet." height={120}>
      {(tree) => (
        <Stack gap={4}>
          <Text size="sm">{chosen.length === 1 ? `Choose what ${chosen[0] ?? ''} is compared with.` : 'Choose two to six endpoints, deployments or instances above.'}</Text>
          {pairs(tree)
            .slice(0, 20)
            .map((p) => (
              <Group key={p.name} gap={6}>
                <Text size="sm">Of {p.name}:</Text>
                <CompareLink scopes={p.scopes} label={`${namesOf(p.scopes).join(' against ')} of ${p.name}`}>
                  {namesOf(p.scopes).join(' against ')}
                </CompareLink>
              </Group>
            ))}
        </Stack>
      )}
    </Panel>
  );
}
