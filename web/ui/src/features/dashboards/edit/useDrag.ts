import { useRef, useState, type PointerEvent, type RefObject } from 'react';
import { columns, type Tile } from '@/lib/dashboard';
import { moved, resized } from '@/lib/dashboardGrid';

const [rowHeight, gap, edge, speed] = [80, 8, 60, 14];

export type DragKind = 'move' | 'resize';

/** Moves and sizes of tiles with the pointer: the tiles as they would lie while it is down, and a change when it is lifted. Escape takes it back. */
export function useDrag(grid: RefObject<HTMLDivElement | null>, tiles: readonly Tile[], onDone: (tiles: Tile[], id: string) => void) {
  const [dragged, setDragged] = useState<{ id: string; tiles: Tile[] }>();
  const busy = useRef(false);

  const start = (e: PointerEvent<HTMLElement>, kind: DragKind, id: string) => {
    const tile = tiles.find((t) => t.id === id);
    const width = grid.current?.getBoundingClientRect().width;
    if (tile === undefined || width === undefined || e.button !== 0 || busy.current) return;
    busy.current = true;
    e.preventDefault(); // no selection of text
    const holder = e.currentTarget;
    holder.setPointerCapture(e.pointerId);
    const pitch = (width + gap) / columns;
    const from = { x: e.clientX, y: e.clientY + window.scrollY };
    const last = { x: e.clientX, y: e.clientY };
    let latest: Tile[] | undefined;
    let by = { dx: 0, dy: 0 };
    const follow = () => {
      const dx = Math.round((last.x - from.x) / pitch);
      const dy = Math.round((last.y + window.scrollY - from.y) / rowHeight);
      if (latest !== undefined && dx === by.dx && dy === by.dy) return;
      by = { dx, dy };
      latest = kind === 'move' ? moved(tiles, id, tile.x + dx, tile.y + dy) : resized(tiles, id, tile.w + dx, tile.h + dy);
      setDragged({ id, tiles: latest });
    };
    // At the edges of the screen the page moves along.
    const scroll = setInterval(() => {
      const pixels = last.y < edge ? -speed : last.y > window.innerHeight - edge ? speed : 0;
      if (pixels === 0) return;
      window.scrollBy(0, pixels);
      follow();
    }, 16);
    const onMove = (m: globalThis.PointerEvent) => {
      last.x = m.clientX;
      last.y = m.clientY;
      if (latest !== undefined || Math.hypot(last.x - from.x, last.y + window.scrollY - from.y) > 4) follow();
    };
    const onKey = (k: KeyboardEvent) => k.key === 'Escape' && end(false);
    const onUp = () => end(true);
    const onCancel = () => end(false);
    const end = (keep: boolean) => {
      clearInterval(scroll);
      holder.removeEventListener('pointermove', onMove);
      holder.removeEventListener('pointerup', onUp);
      holder.removeEventListener('pointercancel', onCancel);
      window.removeEventListener('keydown', onKey);
      busy.current = false;
      setDragged(undefined);
      if (keep && latest !== undefined) onDone(latest, id);
    };
    holder.addEventListener('pointermove', onMove);
    holder.addEventListener('pointerup', onUp);
    holder.addEventListener('pointercancel', onCancel);
    window.addEventListener('keydown', onKey);
  };
  return { start, dragged };
}
