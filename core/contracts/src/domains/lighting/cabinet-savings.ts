/** What a cabinet saved: measured at its meter, against the same lamps at the same times never dimmed (specs/lighting.md §9). */

import { FULL_LEVEL } from '@oppidum/formats/lighting-level';
import { lampPowerMw, type PowerCurve } from '@oppidum/formats/lighting-power';
import type { Cabinet, CabinetInterval } from './cabinet-account.ts';

const SECONDS_AN_HOUR = 3_600;

/** In mWh. `savedPermille` is negative when the cabinet took more: whoever steals saves nothing. */
export type CabinetSavings = { readonly measuredMwh: number; readonly undimmedMwh: number; readonly savedPermille: number };

/** Over intervals of `seconds` each. Throws a plain Error where an interval has not a level for each lamp. */
export function cabinetSavings(cabinet: Cabinet, intervals: readonly CabinetInterval[], seconds: number): CabinetSavings {
  const toMwh = (powerMw: number): number => Math.round((powerMw * seconds) / SECONDS_AN_HOUR);
  let [measuredMwh, undimmedMwh] = [0, 0];
  for (const { meterMw, levels } of intervals) {
    measuredMwh += toMwh(meterMw);
    undimmedMwh += toMwh(cabinet.standingMw + cabinet.lamps.reduce((sum, curve, i) => sum + undimmedMw(curve, levels[i], i), 0));
  }
  const savedPermille = undimmedMwh === 0 ? 0 : Math.floor(((undimmedMwh - measuredMwh) * 1_000) / undimmedMwh);
  return { measuredMwh, undimmedMwh, savedPermille };
}

function undimmedMw(curve: PowerCurve, level: number | undefined, lamp: number): number {
  if (level === undefined) throw new Error(`no level of lamp ${lamp}`);
  return lampPowerMw(curve, level > 0 ? FULL_LEVEL : 0);
}
