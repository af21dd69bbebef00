/** Puts a tile onto a dashboard that is stored. */

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { asProblem, Problem } from '@/api/problem';
import type { components } from '@/api/schema';
import { freeId, mostTiles, readDashboard, titleOf, writeDashboard, writeTile, emptyDashboard, type Tile, type TileContent } from '@/lib/dashboard';
import { freePlace } from '@/lib/dashboardGrid';

/** What is pinned, and how much room it has use for. */
export interface Pinned {
  title: string;
  content: TileContent;
}

export type Target = { kind: 'stored'; name: string } | { kind: 'new'; name: string; title: string };

type Document = components['schemas']['Dashboard'];

export interface PinResult {
  name: string;
  title: string;
  tile: string;
}

const size = { w: 6, h: 4 };
const attempts = 3;

export function usePin() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ pinned, target }: { pinned: Pinned; target: Target }): Promise<PinResult> => (target.kind === 'new' ? await pinToNew(pinned, target) : await pinToStored(pinned, target.name)),
    onSettled: () => void client.invalidateQueries({ queryKey: ['dashboards'] }),
  });
}

async function pinToNew({ title, content }: Pinned, target: { name: string; title: string }): Promise<PinResult> {
  const tile: Tile = { id: 't1', title, description: '', x: 0, y: 0, ...size, ...content };
  const document = writeDashboard({ ...emptyDashboard, name: target.name, title: target.title, tiles: [tile] });
  await api().POST('/api/v1/dashboards', { body: document as unknown as Document });
  return { name: target.name, title: titleOf(target), tile: tile.id };
}

/** Adds to what is stored now. Where somebody else stores at the same moment, it is added to theirs. */
async function pinToStored({ title, content }: Pinned, name: string): Promise<PinResult> {
  const params = { path: { name } };
  for (let left = attempts; ; left--) {
    const stored = body(await api().GET('/api/v1/dashboards/{name}', { params }));
    const dashboard = readDashboard(stored);
    if (dashboard.tiles.length >= mostTiles) throw new Problem(-1, 'The dashboard is full', `It has ${mostTiles} tiles. Remove one, or choose another dashboard.`);
    const tile: Tile = { id: freeId(dashboard.tiles), title, description: '', ...freePlace(dashboard.tiles, size.w, size.h), ...content };
    try {
      await api().PATCH('/api/v1/dashboards/{name}', { params: { ...params, header: { 'If-Match': stored.etag ?? '' } }, body: { tiles: [...stored.tiles, writeTile(tile)] } as unknown as Record<string, never> });
      return { name, title: titleOf(dashboard), tile: tile.id };
    } catch (error) {
      if (asProblem(error).status !== 412 || left <= 1) throw error;
    }
  }
}
