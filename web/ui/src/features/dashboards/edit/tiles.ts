/** What is done to the tiles of a dashboard under edit, and what the server says of them. */

import type { Mistake } from '@/api/problem';
import { freeId, mostTiles, tileName, type Dashboard, type Tile, type TileContent } from '@/lib/dashboard';
import { freePlace, tidied } from '@/lib/dashboardGrid';
import { withoutInfo } from '@/panels/resources/document';
import type { ResourceDocument } from '@/panels/resources/types';

const sizes = { chart: { w: 6, h: 4 }, logs: { w: 6, h: 4 }, text: { w: 6, h: 2 } } as const;

export const isFull = (d: Dashboard) => d.tiles.length >= mostTiles;

/** A tile that is not on the dashboard yet, where it would go. */
export function newTile(d: Dashboard, content: TileContent): Tile {
  const { w, h } = sizes[content.kind];
  return { id: freeId(d.tiles), title: '', description: '', ...freePlace(d.tiles, w, h), ...content };
}

/** The dashboard with a tile, new or in the place of the one with its id. */
export function withTile(d: Dashboard, tile: Tile): Dashboard {
  const known = d.tiles.some((t) => t.id === tile.id);
  return { ...d, tiles: known ? d.tiles.map((t) => (t.id === tile.id ? tile : t)) : [...d.tiles, tile] };
}

export function withoutTile(d: Dashboard, id: string): Dashboard {
  return { ...d, tiles: tidied(d.tiles.filter((t) => t.id !== id)) };
}

/** The dashboard with a copy of a tile beside or below it. */
export function withCopy(d: Dashboard, id: string): Dashboard {
  const tile = d.tiles.find((t) => t.id === id);
  if (tile === undefined || isFull(d)) return d;
  const copy: Tile = { ...tile, id: freeId(d.tiles), ...freePlace(d.tiles, tile.w, tile.h) };
  return { ...d, tiles: [...d.tiles, copy] };
}

/** A mistake in the words of the page: the tile's title in place of its number. */
export function inWords(mistake: Mistake, d: Dashboard): Mistake {
  const found = /^tiles\[(\d+)\](?:\.(.*))?$/.exec(mistake.field ?? '');
  const tile = d.tiles[Number(found?.[1] ?? -1)];
  if (found === null || tile === undefined) return mistake;
  const rest = found[2] === undefined ? '' : `, ${found[2]}`;
  return { ...mistake, field: `Tile “${tileName(tile)}”${rest}:` };
}

/** Ids of the tiles that something is wrong with. */
export function wrongTiles(mistakes: readonly Mistake[], d: Dashboard): ReadonlySet<string> {
  return new Set(
    mistakes.flatMap((m) => {
      const tile = d.tiles[Number(/^tiles\[(\d+)\]/.exec(m.field ?? '')?.[1] ?? -1)];
      return tile === undefined ? [] : [tile.id];
    }),
  );
}

/** A document with its tiles by their ids, so that those that only changed their order do not differ. */
export function byTile(document: ResourceDocument): Record<string, unknown> {
  const { tiles, ...rest } = withoutInfo(document);
  return { ...rest, tiles: Object.fromEntries((Array.isArray(tiles) ? (tiles as { id?: string }[]) : []).map((t, i) => [t.id ?? String(i), t])) };
}

/** Where a tile lies and how large it is, for whoever hears it. */
export function placeInWords(t: Tile): string {
  return `${tileName(t)}: column ${t.x + 1}, row ${t.y + 1}, ${t.w} wide, ${t.h} high`;
}
