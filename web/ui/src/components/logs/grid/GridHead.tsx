import { ActionIcon, Menu } from '@mantine/core';
import type { VirtualItem } from '@tanstack/react-virtual';
import { IconArrowDown, IconArrowUp, IconDotsVertical } from '@tabler/icons-react';
import type { PointerEvent } from 'react';
import type { LogColumn } from '../answer';
import { isExpandable, isRight } from '../columns';
import type { GridProps } from './Grid';
import classes from './Grid.module.css';

interface Props extends GridProps {
  shown: readonly { column: LogColumn; index: number }[];
  widths: readonly number[];
  width: number;
  cells: readonly VirtualItem[];
  onResize: (column: string, width: number) => void;
}

/** Names of the columns, by which the rows are sorted and filtered. It stays while the rows scroll. */
export function GridHead({ shown, widths, width, cells, sort, onSort, filters, onFilter, onResize, hintOf, ...rest }: Props) {
  return (
    <div role="rowgroup" className={classes.head} style={{ width }}>
      <div role="row" aria-rowindex={1} className={classes.heads} data-filters={onFilter !== undefined || undefined}>
        {cells.map((cell) => {
          const column = shown[cell.index]?.column;
          if (column === undefined) return null;
          const sorted = sort?.column === column.name;
          return (
            <div
              key={cell.key}
              role="columnheader"
              aria-colindex={cell.index + 1}
              aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : undefined}
              className={classes.headCell}
              style={{ left: cell.start, width: cell.size }}
            >
              <div className={classes.headLine}>
                <button type="button" className={classes.name} data-right={isRight(column) || undefined} disabled={onSort === undefined} title={`${column.name} (${column.type})${hint(hintOf?.(column.name))}`} onClick={() => onSort?.(nextSort(column, sort))}>
                  <span>{column.name}</span>
                  {sorted && (sort.descending ? <IconArrowDown size={12} aria-hidden /> : <IconArrowUp size={12} aria-hidden />)}
                </button>
                <ColumnMenu column={column} sort={sort} onSort={onSort} width={widths[cell.index] ?? 0} onResize={onResize} {...rest} />
              </div>
              {onFilter !== undefined && (
                <input
                  className={classes.filter}
                  aria-label={`Filter ${column.name}`}
                  placeholder="filter"
                  title="A part of the value; =x, !=x, !x; >5, <=5, 1..5"
                  value={filters?.[column.name] ?? ''}
                  onChange={(e) => onFilter(column.name, e.currentTarget.value)}
                />
              )}
              <div className={classes.grip} aria-hidden onPointerDown={(e) => drag(e, widths[cell.index] ?? 0, (to) => onResize(column.name, to))} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

const hint = (text: string | undefined) => (text === undefined ? '' : `: ${text}`);

// Numbers and times by their greatest first, texts from A; then the other way, then as they came.
function nextSort(column: LogColumn, sort: GridProps['sort']): GridProps['sort'] {
  const first = isRight(column) || column.type === 'datetime';
  if (sort?.column !== column.name) return { column: column.name, descending: first };
  return sort.descending === first ? { column: column.name, descending: !first } : undefined;
}

function ColumnMenu({ column, width, onSort, onResize, onHide, onExpand, expanded }: Pick<GridProps, 'sort' | 'onSort' | 'onHide' | 'onExpand' | 'expanded'> & { column: LogColumn; width: number; onResize: Props['onResize'] }) {
  const { name } = column;
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={18} aria-label={`Column ${name}`}>
          <IconDotsVertical size={13} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {onSort !== undefined && (
          <>
            <Menu.Item onClick={() => onSort({ column: name, descending: false })}>Sort ascending</Menu.Item>
            <Menu.Item onClick={() => onSort({ column: name, descending: true })}>Sort descending</Menu.Item>
          </>
        )}
        <Menu.Item onClick={() => onResize(name, Math.min(width * 2, 1600))}>Wider</Menu.Item>
        <Menu.Item onClick={() => onResize(name, Math.max(width / 2, 48))}>Narrower</Menu.Item>
        {onExpand !== undefined && isExpandable(column) && <Menu.Item onClick={() => onExpand(name)}>{expanded?.includes(name) === true ? 'Put its members together' : 'A column for each member'}</Menu.Item>}
        {onHide !== undefined && <Menu.Item onClick={() => onHide(name)}>Hide</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}

function drag(e: PointerEvent<HTMLElement>, width: number, onResize: (to: number) => void): void {
  const grip = e.currentTarget;
  const from = e.clientX;
  e.preventDefault();
  grip.setPointerCapture(e.pointerId);
  const move = (m: globalThis.PointerEvent) => onResize(Math.max(48, Math.round(width + m.clientX - from)));
  const done = () => {
    grip.removeEventListener('pointermove', move);
    grip.removeEventListener('pointerup', done);
    grip.removeEventListener('pointercancel', done);
  };
  grip.addEventListener('pointermove', move);
  grip.addEventListener('pointerup', done);
  grip.addEventListener('pointercancel', done);
}
