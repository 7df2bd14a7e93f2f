/** Tables of the console: headed, sortable where it helps, and scrolled sideways rather than squeezed on a phone. */

import type { ReactNode } from 'react';
import { useMemo, useState } from 'react';
import { useLanguage } from '../language.ts';
import { inColumn } from './by-name.ts';

export type Column<Row> = {
  readonly name: string;
  readonly heading: string;
  readonly cell: (row: Row) => ReactNode;
  /** By what it is sorted; without, it is not. */
  readonly order?: (row: Row) => string | number;
};

type Sorting = { readonly name: string; readonly isDescending: boolean } | null;

/** Rows under headings; null before they are known, where nothing is said of them. `label` names the table for those who do not see it. */
export function DataTable<Row>(props: {
  readonly label: string;
  readonly rows: readonly Row[] | null;
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  readonly empty: string;
}): ReactNode {
  const { label, rows, columns, keyOf, empty } = props;
  const [sorting, setSorting] = useState<Sorting>(null);
  const { tag } = useLanguage();
  const sorted = useMemo(() => sortRows(rows ?? [], columns, sorting, tag), [rows, columns, sorting, tag]);
  if (rows === null) return null;
  if (rows.length === 0) return <p className="hint">{empty}</p>;
  return (
    <section className="wide" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" aria-sort={sortOf(column.name, sorting)}>
                {column.order === undefined ? (
                  column.heading
                ) : (
                  <button type="button" className="sort" onClick={() => setSorting(nextSorting(column.name, sorting))}>
                    {column.heading} <span aria-hidden="true">{markOf(column.name, sorting)}</span>
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td key={column.name}>
                  <div className="cell">{column.cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function sortRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sorting: Sorting, tag: string): readonly Row[] {
  const order = columns.find(({ name }) => name === sorting?.name)?.order;
  if (sorting === null || order === undefined) return rows;
  const [factor, compare] = [sorting.isDescending ? -1 : 1, inColumn(tag)];
  return rows.toSorted((a, b) => factor * compare(order(a), order(b)));
}

function nextSorting(name: string, sorting: Sorting): Sorting {
  if (sorting?.name !== name) return { name, isDescending: false };
  return sorting.isDescending ? null : { name, isDescending: true };
}

function sortOf(name: string, sorting: Sorting): 'ascending' | 'descending' | 'none' {
  if (sorting?.name !== name) return 'none';
  return sorting.isDescending ? 'descending' : 'ascending';
}

function markOf(name: string, sorting: Sorting): string {
  return { ascending: '▲', descending: '▼', none: '↕' }[sortOf(name, sorting)];
}
