/** What a cabinet saved: measured at its meter, against the same lamps at the same times never dimmed (specs/lighting.md §9). */

import { FULL_LEVEL } from '@oppidum/formats/lighting-level';
import { lampPowerMw, type PowerCurve } from '@oppidum/formats/lighting-power';
import type { Cabinet, CabinetInterval } from './cabinet-account.ts';

const SECONDS_AN_HOUR = 3_600;

/** `lit`: how much of the interval each lamp burned, in ‰; its levels alone would call a lamp lit that was switched within it. */
export type SavingsInterval = Pick<CabinetInterval, 'meterMw'> & { readonly lit: readonly number[] };

/** In mWh. `savedPermille` is negative when the cabinet took more: whoever steals saves nothing. */
export type CabinetSavings = { readonly measuredMwh: number; readonly undimmedMwh: number; readonly savedPermille: number };

/** Over intervals of `seconds` each. Throws a plain Error where an interval does not say of each lamp how long it burned. */
export function cabinetSavings(cabinet: Cabinet, intervals: readonly SavingsInterval[], seconds: number): CabinetSavings {
  const toMwh = (powerMw: number): number => Math.round((powerMw * seconds) / SECONDS_AN_HOUR);
  let [measuredMwh, undimmedMwh] = [0, 0];
  for (const { meterMw, lit } of intervals) {
    measuredMwh += toMwh(meterMw);
    undimmedMwh += toMwh(cabinet.standingMw + cabinet.lamps.reduce((sum, curve, i) => sum + undimmedMw(curve, lit[i], i), 0));
  }
  const savedPermille = undimmedMwh === 0 ? 0 : Math.floor(((undimmedMwh - measuredMwh) * 1_000) / undimmedMwh);
  return { measuredMwh, undimmedMwh, savedPermille };
}

function undimmedMw(curve: PowerCurve, lit: number | undefined, lamp: number): number {
  if (lit === undefined) throw new Error(`nobody says how long lamp ${lamp} burned`);
  const [full, dark] = [lampPowerMw(curve, FULL_LEVEL), lampPowerMw(curve, 0)];
  return dark + Math.round(((full - dark) * lit) / FULL_LEVEL);
}
