import { Paper, Title } from '@mantine/core';
import { memo, useCallback } from 'react';
import { useDefinitions } from '@/api/hooks';
import { Problem } from '@/api/problem';
import type { MetricDefinition } from '@/api/types';
import { Markdown } from '@/components/markdown/Markdown';
import { Empty, ProblemBox } from '@/components/Panel';
import type { ChartSpec } from '@/lib/chartspec';
import { chartTitle } from '@/lib/charttitle';
import { tileName, type Tile } from '@/lib/dashboard';
import { logScope } from '@/lib/dashboardVariables';
import { unitOf } from '@/lib/units';
import { DistributionPanel } from '@/panels/DistributionPanel';
import { LogPanel } from '@/panels/LogPanel';
import { MetricChart } from '@/panels/MetricChart';
import { PromChart } from '@/panels/PromChart';

/** Pixels of a tile besides its chart: title, edges, and the legend of a chart. */
const [frame, legend] = [62, 68];
const [rowHeight, gap, least] = [80, 8, 48];

/** The height of a tile in pixels. */
export const tileHeight = (rows: number) => rows * rowHeight - gap;

/** What a tile shows, its variables replaced. */
export const TileContent = memo(function TileContent({ tile }: { tile: Tile }) {
  const room = Math.max(least, tileHeight(tile.h) - frame);
  switch (tile.kind) {
    case 'chart':
      return <ChartTile title={tile.title} hint={tile.description || undefined} spec={tile.chart} room={room} />;
    case 'logs': {
      const of = logScope(tile.logs.scopes);
      const title = tileName(tile);
      if ('problem' in of) {
        return (
          <TextFrame title={title}>
            <ProblemBox problem={new Problem(-1, 'This cannot be asked', of.problem)} />
          </TextFrame>
        );
      }
      return <LogPanel title={title} hint={tile.description || undefined} query={tile.logs.query} scope={of.scope} height={room} />;
    }
    case 'text':
      return (
        <TextFrame title={tile.title} label={tileName(tile)}>
          {tile.text.trim() === '' ? <Empty>There is no text yet.</Empty> : <Markdown text={tile.text} top={tile.title === '' ? 2 : 3} />}
        </TextFrame>
      );
  }
});

/** What a tile is called; a chart without a title is called after what it asks. */
export function useTileName(tile: Tile): string {
  const { displayName } = useCatalogue();
  return tile.kind === 'chart' && tile.title === '' ? chartTitle(tile.chart, displayName) : tileName(tile);
}

function useCatalogue() {
  const definitions = useDefinitions();
  const definition = useCallback((metric: string) => definitions.data?.find((d) => d.name.toLowerCase() === metric.toLowerCase()), [definitions.data]);
  const displayName = useCallback((metric: string) => definition(metric)?.display_name ?? metric, [definition]);
  return { definition, displayName };
}

function ChartTile({ title: given, hint, spec, room }: { title: string; hint: string | undefined; spec: ChartSpec; room: number }) {
  const { definition, displayName } = useCatalogue();
  const title = given === '' ? chartTitle(spec, displayName) : given;
  const [first] = spec.metrics;
  const words = hint === undefined ? {} : { hint };
  if (spec.promql.length > 0) return <PromChart title={title} {...words} spec={spec} height={heightOf(spec, room)} />;
  if (first === undefined || spec.scopes.length === 0) return <TextFrame title={title}>{<Empty>This chart has no metric or no scope yet.</Empty>}</TextFrame>;
  if (spec.kind === 'distribution') {
    const found = definition(first.name);
    const unit = found === undefined ? {} : { unit: unitOf(found.name, found.unit, found.primary_aggregation) };
    return <DistributionPanel title={title} {...words} scope={spec.scopes} metric={first.name} {...unit} filter={spec.filter} interval={spec.interval} height={heightOf(spec, room)} />;
  }
  return <MetricChart title={title} {...words} needs={needsOf(spec, definition)} spec={spec} displayName={displayName} height={heightOf(spec, room)} />;
}

/** What all metrics of a chart need before there are data. */
function needsOf(spec: ChartSpec, definition: (metric: string) => MetricDefinition | undefined): string {
  if (spec.metrics.every((m) => /^gpu/i.test(m.name))) return 'It needs instances with a GPU that their agent can read.';
  if (spec.metrics.every((m) => definition(m.name)?.category === 'Model')) return 'It needs a model server that tells of its work.';
  return '';
}

/** Heat maps have no legend of lines; small charts take half of the height each. */
function heightOf({ kind }: ChartSpec, room: number): number {
  if (kind === 'heat' || kind === 'distribution') return Math.max(least, room - 24);
  return Math.max(least, kind === 'grid' ? room : room - legend);
}

/** A tile without a question. Where it scrolls, it does so by keyboard too. */
function TextFrame({ title, label = title, children }: { title: string; label?: string; children: React.ReactNode }) {
  return (
    <Paper withBorder p="sm" component="section" aria-label={label} tabIndex={0}>
      {title !== '' && (
        <Title order={3} size="sm" fw={600} mb={6}>
          {title}
        </Title>
      )}
      {children}
    </Paper>
  );
}
