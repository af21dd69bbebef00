import { ActionIcon, Text, VisuallyHidden } from '@mantine/core';
import { IconArrowDownRight, IconCopy, IconGripVertical, IconPencil, IconTrash } from '@tabler/icons-react';
import { useId, useRef, useState, type KeyboardEvent } from 'react';
import type { Tile } from '@/lib/dashboard';
import { inReadingOrder, resized, stepped, type Direction } from '@/lib/dashboardGrid';
import { expandTile, type Values } from '@/lib/dashboardVariables';
import dashboardClasses from '../view/Dashboard.module.css';
import { useTileName } from '../view/TileContent';
import { Expanded, placeOf } from '../view/TileGrid';
import { useNear } from '../view/useNear';
import classes from './Edit.module.css';
import { placeInWords } from './tiles';
import { useDrag, type DragKind } from './useDrag';

interface Props {
  tiles: readonly Tile[];
  values: Values;
  /** Tiles that the server found something wrong with. */
  wrong: ReadonlySet<string>;
  /** Whether another one fits. */
  mayCopy: boolean;
  onArrange: (tiles: Tile[]) => void;
  onEdit: (id: string) => void;
  onCopy: (id: string) => void;
  onRemove: (id: string) => void;
}

const arrows: Partial<Record<string, Direction>> = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' };
const growth: Record<Direction, [number, number]> = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] };

/** The tiles of a dashboard under edit: moved and sized with the pointer, or with the arrow keys on a tile's handle. */
export function EditGrid({ tiles, values, wrong, mayCopy, onArrange, onEdit, onCopy, onRemove }: Props) {
  const grid = useRef<HTMLDivElement>(null);
  const help = useId();
  const [said, say] = useState('');
  const arrange = (next: Tile[], id: string) => {
    onArrange(next);
    const tile = next.find((t) => t.id === id);
    if (tile !== undefined) say(placeInWords(tile));
  };
  const { start, dragged } = useDrag(grid, tiles, arrange);
  const shown = dragged?.tiles ?? tiles;
  const order = new Map(inReadingOrder(shown).map((t, i) => [t.id, i]));
  const keys = (e: KeyboardEvent, tile: Tile) => {
    const direction = arrows[e.key];
    if (direction !== undefined && !e.ctrlKey && !e.metaKey && !e.altKey) {
      e.preventDefault();
      const [dw, dh] = growth[direction];
      arrange(e.shiftKey ? resized(tiles, tile.id, tile.w + dw, tile.h + dh) : stepped(tiles, tile.id, direction), tile.id);
    } else if (e.key === 'Delete') {
      e.preventDefault();
      onRemove(tile.id);
    }
  };
  return (
    <>
      <VisuallyHidden component="h2">Tiles</VisuallyHidden>
      <VisuallyHidden id={help}>Arrow keys move the tile, with Shift they change its size, Delete removes it.</VisuallyHidden>
      <VisuallyHidden role="status" aria-live="polite">
        {said}
      </VisuallyHidden>
      <div ref={grid} className={dashboardClasses.grid}>
        {shown.map((t) => (
          <Frame
            key={t.id}
            tile={t}
            values={values}
            order={order.get(t.id) ?? 0}
            wrong={wrong.has(t.id)}
            dragged={dragged?.id === t.id}
            help={help}
            mayCopy={mayCopy}
            onStart={(e, kind) => start(e, kind, t.id)}
            onKey={(e) => keys(e, t)}
            onEdit={() => onEdit(t.id)}
            onCopy={() => onCopy(t.id)}
            onRemove={() => onRemove(t.id)}
          />
        ))}
      </div>
    </>
  );
}

interface FrameProps {
  tile: Tile;
  values: Values;
  order: number;
  wrong: boolean;
  dragged: boolean;
  help: string;
  mayCopy: boolean;
  onStart: (e: React.PointerEvent<HTMLElement>, kind: DragKind) => void;
  onKey: (e: KeyboardEvent) => void;
  onEdit: () => void;
  onCopy: () => void;
  onRemove: () => void;
}

function Frame({ tile, values, order, wrong, dragged, help, mayCopy, onStart, onKey, onEdit, onCopy, onRemove }: FrameProps) {
  const { ref, near } = useNear<HTMLDivElement>();
  const name = useTileName(expandTile(tile, values));
  const onBar = (e: React.PointerEvent<HTMLElement>) => {
    // Buttons of the bar are pressed, not dragged, but for the handle; on a phone the bar scrolls the page.
    const button = (e.target as Element).closest('button');
    if ((button === null || button.hasAttribute('data-handle')) && window.matchMedia('(min-width: 48.01em)').matches) onStart(e, 'move');
  };
  return (
    <div ref={ref} className={classes.frame} style={{ ...placeOf(tile), order }} role="group" aria-label={`Tile ${name}`} data-wrong={wrong || undefined} data-dragged={dragged || undefined}>
      <div className={classes.bar} onPointerDown={onBar}>
        <ActionIcon data-handle variant="subtle" color="gray" size="sm" aria-label={`Move or resize ${name}`} aria-describedby={help} title="Drag, or use the arrow keys; with Shift they change the size" style={{ cursor: 'move' }} onKeyDown={onKey}>
          <IconGripVertical size={16} />
        </ActionIcon>
        <span className={classes.name} title={name}>
          {name}
        </span>
        {wrong && (
          <Text size="xs" c="var(--status-critical)">
            wrong
          </Text>
        )}
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Edit ${name}`} title="Edit" onClick={onEdit}>
          <IconPencil size={16} />
        </ActionIcon>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Duplicate ${name}`} title="Duplicate" disabled={!mayCopy} onClick={onCopy}>
          <IconCopy size={16} />
        </ActionIcon>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Remove ${name}`} title="Remove; undo brings it back" onClick={onRemove}>
          <IconTrash size={16} />
        </ActionIcon>
      </div>
      <div className={classes.content} inert>
        <Expanded tile={tile} values={values} near={near} />
      </div>
      <div className={classes.corner} onPointerDown={(e) => onStart(e, 'resize')} aria-hidden>
        <IconArrowDownRight size={16} />
      </div>
    </div>
  );
}
