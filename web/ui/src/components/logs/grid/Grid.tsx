import { useElementSize } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { LogTable } from '../answer';
import type { Filters, GridSort } from '../arrange';
import { cellExact, cellText } from '../cells';
import { columnWidth, isRight, spread } from '../columns';
import classes from './Grid.module.css';
import { GridHead } from './GridHead';

const rowHeight = 26;

export interface GridProps {
  /** What the rows are. */
  label: string;
  table: LogTable;
  /** Indices of the rows to show, in their order. */
  rows: readonly number[];
  /** Names of the columns to show, in the order of the table. */
  columns: readonly string[];
  utc: boolean;
  sort?: GridSort | undefined;
  onSort?: ((sort: GridSort | undefined) => void) | undefined;
  filters?: Filters;
  onFilter?: (column: string, text: string) => void;
  onHide?: ((column: string) => void) | undefined;
  onExpand?: ((column: string) => void) | undefined;
  /** Columns that are taken apart already. */
  expanded?: readonly string[] | undefined;
  /** Explains a column. */
  hintOf?: (column: string) => string | undefined;
  /** A row is looked at, by its place among those shown. */
  onOpen: (place: number) => void;
  height: number;
  /** Whether the first row is seen, for whoever adds rows above it. */
  onTop?: (top: boolean) => void;
}

/**
 * Rows as many as memory holds: only what is seen is drawn. One stop for Tab; arrows, Page up and down, Home and End move the active row,
 * Enter opens it, left and right scroll.
 */
export function Grid(props: GridProps) {
  const { label, table, rows, utc, onOpen, height, onTop } = props;
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const [resized, setResized] = useState<Readonly<Record<string, number>>>({});
  const shown = useMemo(() => {
    const wanted = new Set(props.columns);
    return table.columns.map((column, index) => ({ column, index })).filter(({ column }) => wanted.has(column.name));
  }, [table.columns, props.columns]);
  const { ref: sized, width: available } = useElementSize();
  // Measured once for the columns, and not again as rows come: columns that move cannot be read.
  const [measured, setMeasured] = useState<Readonly<Record<string, number>>>({});
  const missing = table.rows.length === 0 ? [] : shown.filter(({ column }) => measured[column.name] === undefined);
  if (missing.length > 0) setMeasured({ ...measured, ...Object.fromEntries(missing.map(({ column, index }) => [column.name, columnWidth(table, index, utc)])) });
  const widths = useMemo(() => spread(shown.map(({ column }) => resized[column.name] ?? measured[column.name] ?? 120), available, shown.map(({ column }) => !isRight(column) && resized[column.name] === undefined)), [shown, measured, resized, available]);
  const width = widths.reduce((a, b) => a + b, 0);
  // The library's functions change with every scroll, so React's compiler leaves this component as it is.
  // eslint-disable-next-line react-hooks/incompatible-library
  const lines = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 12 });
  const across = useVirtualizer({ horizontal: true, count: shown.length, getScrollElement: () => scroller.current, estimateSize: (i) => widths[i] ?? 0, overscan: 3, getItemKey: (i) => `${shown[i]?.column.name ?? ''} ${widths[i] ?? 0}` });
  const cells = across.getVirtualItems();
  const page = Math.max(1, Math.floor(height / rowHeight) - 2);

  const move = (to: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setActive(next);
    lines.scrollToIndex(next);
  };
  const keys = (e: KeyboardEvent) => {
    const moves: Record<string, () => void> = {
      ArrowDown: () => move(active + 1),
      ArrowUp: () => move(active - 1),
      PageDown: () => move(active + page),
      PageUp: () => move(active - page),
      Home: () => move(0),
      End: () => move(rows.length - 1),
      ArrowRight: () => scroller.current?.scrollBy({ left: 120 }),
      ArrowLeft: () => scroller.current?.scrollBy({ left: -120 }),
      Enter: () => onOpen(Math.min(active, rows.length - 1)),
    };
    const act = moves[e.key];
    if (act === undefined || e.target !== e.currentTarget || e.altKey || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    act();
  };

  return (
    <div ref={sized} className={classes.frame}>
      <div
        ref={scroller}
        className={classes.scroller}
        style={{ height }}
        role="grid"
        aria-label={label}
        aria-rowcount={rows.length + 1}
        aria-colcount={shown.length}
        aria-activedescendant={rows.length === 0 ? undefined : `${id}-${Math.min(active, rows.length - 1)}`}
        tabIndex={0}
        onKeyDown={keys}
        onScroll={(e) => onTop?.(e.currentTarget.scrollTop < rowHeight)}
      >
        <GridHead {...props} shown={shown} widths={widths} width={width} cells={cells} onResize={(name, to) => setResized((before) => ({ ...before, [name]: to }))} />
        <div role="rowgroup" style={{ height: lines.getTotalSize(), width, position: 'relative' }}>
          {lines.getVirtualItems().map((line) => {
            const index = rows[line.index];
            const row = index === undefined ? undefined : table.rows[index];
            return (
              <div
                key={line.key}
                id={`${id}-${line.index}`}
                role="row"
                aria-rowindex={line.index + 2}
                aria-selected={line.index === active}
                className={classes.row}
                style={{ transform: `translateY(${line.start}px)`, width, height: rowHeight }}
                onClick={() => {
                  setActive(line.index);
                  if (window.getSelection()?.isCollapsed !== false) onOpen(line.index); // who selects text wants to copy it
                }}
              >
                {cells.map((cell) => {
                  const at = shown[cell.index];
                  if (at === undefined) return null;
                  const value = row?.[at.index];
                  return (
                    <div
                      key={cell.key}
                      role="gridcell"
                      aria-colindex={cell.index + 1}
                      className={classes.cell}
                      data-right={isRight(at.column) || undefined}
                      data-null={value === null || undefined}
                      style={{ left: cell.start, width: cell.size }}
                      title={cellExact(value)}
                    >
                      {value === null ? <span aria-label="no value">∅</span> : cellText(value, at.column, utc)}
                    </div>
                  );
                })}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
