/** What a stretch of a series comes to: kept by the writer for every quarter of an hour, made by questions for every longer stretch. */

import { ROLLUP_MS } from './database.ts';
import type { SampleRow } from './reading-rows.ts';

/** The samples of one series within `ROLLUP_MS`; all but `count` is about those `numbers` of them that are numbers or flags, `positives` above zero. */
export type Rollup = {
  readonly series: number;
  readonly startMs: number;
  count: number;
  numbers: number;
  positives: number;
  minimum: number | null;
  maximum: number | null;
  total: number | null;
  lastMs: number | null;
  last: number | null;
};

/** Rollups of samples that stand in the order of series and time, in that order. */
export function rollUp(samples: readonly SampleRow[]): Rollup[] {
  const rollups: Rollup[] = [];
  for (const { series, timeMs, number } of samples) {
    const startMs = timeMs - (timeMs % ROLLUP_MS);
    let rollup = rollups.at(-1);
    if (rollup === undefined || rollup.series !== series || rollup.startMs !== startMs) {
      const none = { minimum: null, maximum: null, total: null, lastMs: null, last: null };
      rollup = { series, startMs, count: 0, numbers: 0, positives: 0, ...none };
      rollups.push(rollup);
    }
    rollup.count += 1;
    if (number !== null) addNumber(rollup, timeMs, number);
  }
  return rollups;
}

function addNumber(rollup: Rollup, timeMs: number, number: number): void {
  rollup.numbers += 1;
  if (number > 0) rollup.positives += 1;
  rollup.minimum = Math.min(rollup.minimum ?? number, number);
  rollup.maximum = Math.max(rollup.maximum ?? number, number);
  rollup.total = (rollup.total ?? 0) + number;
  rollup.lastMs = timeMs;
  rollup.last = number;
}
