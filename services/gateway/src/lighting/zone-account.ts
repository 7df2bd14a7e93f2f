/** What all lamps of a zone saved, one lamp after the other, and which of them fail. */

import type { LightingAccountJson } from '../api/lighting.ts';
import type { Database } from '../read-model/database.ts';
import { SavingsSum } from './lamp-account.ts';
import { findLamps, meansOf, spanOf } from './lamp-series.ts';

/** When local time is how far ahead of UTC, ascending. */
export type Clock = readonly { readonly fromMs: number; readonly aheadMinutes: number }[];
/** `lampCount`: devices of the zone, whether they spoke or not. */
export type LampZone = { readonly zone: string; readonly lampCount: number; readonly clock: Clock };

/** Failed lamps that an answer names. */
const FAULT_COUNT_MAX = 256;
/** Where no lamp spoke twice. */
const NOTHING = { fromMs: 0, toMs: 0, counted: 0, usedWh: 0, undimmedWh: 0, halfNightWh: 0, intervals: [] };

/** The account of one zone, over all that its lamps said. */
export async function accountLamps(database: Database, { zone, lampCount, clock }: LampZone): Promise<LightingAccountJson> {
  const { lamps, failed } = await findLamps(database, zone);
  const said = { lamps: lampCount, faultCount: failed.length, faults: failed.slice(0, FAULT_COUNT_MAX) };
  const span = spanOf(lamps);
  if (span === null) return { ...said, ...NOTHING };
  const savings = new SavingsSum();
  for (const lamp of lamps) savings.add(await meansOf(database, lamp, span));
  const { intervals, ...sums } = savings.over(span, (timeMs) => aheadAt(clock, timeMs));
  return {
    ...{ ...said, ...sums, fromMs: span.fromMs, toMs: span.toMs, counted: lamps.length },
    intervals: [...intervals],
  };
}

/** UTC before the first. */
function aheadAt(clock: Clock, timeMs: number): number {
  return clock.findLast(({ fromMs }) => fromMs <= timeMs)?.aheadMinutes ?? 0;
}
