import { Paper, VisuallyHidden } from '@mantine/core';
import { useEffect, useMemo, type CSSProperties } from 'react';
import type { Tile } from '@/lib/dashboard';
import { inReadingOrder } from '@/lib/dashboardGrid';
import { expandTile, type Values } from '@/lib/dashboardVariables';
import { useParamState } from '@/view/params';
import classes from './Dashboard.module.css';
import { TileBoundary } from './TileBoundary';
import { TileContent, tileHeight, useTileName } from './TileContent';
import { useNear } from './useNear';

/** Where a tile lies, for its element. */
export function placeOf({ x, y, w, h }: Tile): CSSProperties {
  return { gridColumn: `${x + 1} / span ${w}`, gridRow: `${y + 1} / span ${h}`, '--tile-height': `${tileHeight(h)}px` } as CSSProperties;
}

/** The tiles of a dashboard as they are looked at. */
export function TileGrid({ tiles, values }: { tiles: readonly Tile[]; values: Values }) {
  const { params } = useParamState();
  const found = params.get('tile');
  return (
    <>
      <VisuallyHidden component="h2">Tiles</VisuallyHidden>
      <div className={classes.grid}>
        {inReadingOrder(tiles).map((t) => (
          <OneTile key={t.id} tile={t} values={values} found={t.id === found} />
        ))}
      </div>
    </>
  );
}

function OneTile({ tile, values, found }: { tile: Tile; values: Values; found: boolean }) {
  const { ref, near } = useNear<HTMLDivElement>();
  useEffect(() => {
    if (found) ref.current?.scrollIntoView({ block: 'center' });
  }, [found, ref]);
  return (
    <div ref={ref} className={classes.tile} style={placeOf(tile)} data-kind={tile.kind} data-found={found || undefined}>
      <Expanded tile={tile} values={values} near={near} />
    </div>
  );
}

/** The content of a tile while it is near what is seen; its place while it is not, so that only what is looked at is asked. */
export function Expanded({ tile, values, near }: { tile: Tile; values: Values; near: boolean }) {
  const own = JSON.stringify({ ...tile, x: 0, y: 0, w: 0 });
  // Equal words are the same tile wherever it lies, so that it is not drawn anew while others move.
  const shown = useMemo(() => expandTile(JSON.parse(own) as Tile, values), [own, values]);
  const name = useTileName(shown);
  if (!near && tile.kind !== 'text') {
    return (
      <Paper withBorder p="sm" component="section" aria-label={name} fz="sm" fw={600}>
        {name}
      </Paper>
    );
  }
  return (
    <TileBoundary>
      <TileContent tile={shown} />
    </TileBoundary>
  );
}
