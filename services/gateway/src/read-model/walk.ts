/**
 * Long walks through rows, in steps: a filter that no index answers looks at rows one by one, and there may be a million of them. Whoever
 * asks waits for some steps at most and is told where the next page goes on; between two steps everybody else has a turn.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';

/** How far a question goes: `rows` of its largest steps, a few milliseconds each, and how many steps. */
export type Bounds = { readonly rows: number; readonly steps: number };
export const BOUNDS: Bounds = { rows: 512, steps: 32 };
/** Of the first step. */
const FIRST_ROWS_MIN = 128;

/** What one step found. `end`: the place of the last row that it looked at; null after the last that there is. */
export type Step<Row, Place> = { readonly rows: readonly Row[]; readonly end: Place | null };

/** Rows that were found. `end`: where looking ended before there were enough; null where there are enough, or no more. */
export type Walked<Row, Place> = { readonly rows: readonly Row[]; readonly end: Place | null };

/**
 * Up to `limit` rows after a place. `step` looks at up to `rowCount` rows: at first about as many as are wanted, then twice as many each time.
 */
export async function walk<Row, Place>(
  limit: number,
  from: Place | null,
  step: (from: Place | null, rowCount: number) => Promise<Step<Row, Place>>,
  { rows: rowsMax, steps }: Bounds = BOUNDS,
): Promise<Walked<Row, Place>> {
  const found: Row[] = [];
  let place = from;
  let rowCount = Math.min(Math.max(limit, FIRST_ROWS_MIN), rowsMax);
  for (let count = 1; ; count++) {
    const { rows, end } = await step(place, rowCount);
    found.push(...rows.slice(0, limit - found.length));
    if (end === null || found.length >= limit) return { rows: found, end: null };
    if (count >= steps) return { rows: found, end };
    place = end;
    rowCount = Math.min(2 * rowCount, rowsMax);
    await nextTurn();
  }
}

/** Rows in the order of their ids: an index may give them in another. */
export function inOrder<Row, Id>(ids: readonly Id[], rows: readonly Row[], idOf: (row: Row) => Id): Row[] {
  const byId = new Map(rows.map((row) => [idOf(row), row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}
