/**
 * A table of any length: only the rows that are looked at are in the page, the rest is room. It stays one table to a screen reader, which
 * is told how many rows there are and which of them each is. Whoever has no mouse scrolls it with the arrow keys once it has the focus.
 */

import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, type ReactNode, useEffect, useRef, useState } from 'react';

/** Of one row, in CSS pixels: all are equally high, so that scrolling never jumps. */
const ROW_PX = 44;
const OVERSCAN_COUNT = 12;
/** So many rows before the last one known, more are asked for. */
const NEAR_END_COUNT = 300;

export type WideColumn<Row> = {
  readonly name: string;
  readonly heading: string;
  readonly cell: (row: Row) => ReactNode;
  /** Of the column, in rem. */
  readonly width: number;
  /** Null: this order may not be had, for not all rows are here. */
  readonly onSort?: (() => void) | null;
  readonly sorted?: 'ascending' | 'descending' | 'none';
};

export type WideTable<Row> = {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly WideColumn<Row>[];
  readonly keyOf: (row: Row) => string;
  /** Rows that there are, also those that are not here yet; null where nobody knows. */
  readonly total: number | null;
  readonly selected?: string | null;
  readonly onSelect?: (key: string) => void;
  readonly onNearEnd?: () => void;
  readonly onTop?: (isAtTop: boolean) => void;
};

/** Rows under headings that stay. */
export function VirtualTable<Row>(props: WideTable<Row>): ReactNode {
  const { label, rows, columns, keyOf, total, selected = null, onSelect, onNearEnd, onTop } = props;
  const box = useRef<HTMLElement>(null);
  const [isMade, setMade] = useState(false);
  useEffect(() => setMade(true), []);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN_COUNT,
    enabled: isMade,
  });
  const shown = virtual.getVirtualItems();
  const [first, last] = [shown[0], shown.at(-1)];
  useNearEnd(last?.index ?? 0, rows.length, onNearEnd);
  useSelectedInView(selected, rows, keyOf, (index) => virtual.scrollToIndex(index, { align: 'auto' }));
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  return (
    <section
      ref={box}
      className="wide rows"
      aria-label={label}
      tabIndex={0}
      onScroll={({ currentTarget }) => onTop?.(currentTarget.scrollTop < ROW_PX)}
    >
      <table aria-rowcount={total === null ? -1 : total + 1} style={{ minInlineSize: `${width}rem` }}>
        <colgroup>
          {columns.map((column) => (
            <col key={column.name} style={{ inlineSize: `${column.width}rem` }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Heading key={column.name} column={column} />
            ))}
          </tr>
        </thead>
        <Room px={first?.start ?? 0} />
        <tbody>
          {shown.map(({ index }) => {
            const row = rows[index] as Row;
            const key = keyOf(row);
            return (
              <BodyRow
                key={key}
                row={row}
                id={key}
                index={index}
                columns={columns as readonly WideColumn<unknown>[]}
                isSelected={key === selected}
                onSelect={onSelect ?? null}
              />
            );
          })}
        </tbody>
        <Room px={virtual.getTotalSize() - (last?.end ?? 0)} />
      </table>
    </section>
  );
}

/** Where rows are that nobody looks at. */
function Room({ px }: { readonly px: number }): ReactNode {
  return <tbody className="room" aria-hidden="true" style={{ blockSize: `${px}px` }} />;
}

function Heading<Row>({ column }: { readonly column: WideColumn<Row> }): ReactNode {
  const { heading, onSort, sorted = 'none' } = column;
  if (onSort === undefined || onSort === null) return <th scope="col">{heading}</th>;
  return (
    <th scope="col" aria-sort={sorted}>
      <button type="button" className="sort" onClick={onSort}>
        {heading} <span aria-hidden="true">{{ ascending: '▲', descending: '▼', none: '↕' }[sorted]}</span>
      </button>
    </th>
  );
}

type BodyRowProps = {
  readonly row: unknown;
  readonly id: string;
  readonly index: number;
  readonly columns: readonly WideColumn<unknown>[];
  readonly isSelected: boolean;
  readonly onSelect: ((key: string) => void) | null;
};

/** Drawn again only when its own row is another one: of a thousand that change, those in view are drawn. */
const BodyRow = memo(function BodyRow({ row, id, index, columns, isSelected, onSelect }: BodyRowProps): ReactNode {
  return (
    // The keyboard selects by the button of the row; a click anywhere in it is the same for a mouse.
    <tr
      aria-rowindex={index + 2}
      className={isSelected ? 'selected' : undefined}
      aria-current={isSelected ? 'true' : undefined}
      onClick={onSelect === null ? undefined : () => onSelect(id)}
    >
      {columns.map((column) => (
        <td key={column.name}>{column.cell(row)}</td>
      ))}
    </tr>
  );
});

function useNearEnd(lastIndex: number, count: number, onNearEnd: (() => void) | undefined): void {
  const isNear = count > 0 && lastIndex >= count - NEAR_END_COUNT;
  // Again for each page that came, as long as its end is near.
  useEffect(() => {
    if (isNear && count > 0) onNearEnd?.();
  }, [isNear, count, onNearEnd]);
}

/** What is selected elsewhere comes into view here. */
function useSelectedInView<Row>(
  selected: string | null,
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  scroll: (index: number) => void,
): void {
  const newest = useRef({ rows, keyOf, scroll });
  newest.current = { rows, keyOf, scroll };
  useEffect(() => {
    if (selected === null) return;
    const index = newest.current.rows.findIndex((row) => newest.current.keyOf(row) === selected);
    if (index >= 0) newest.current.scroll(index);
  }, [selected]);
}
