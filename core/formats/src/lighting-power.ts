/**
 * What a lamp takes from the cabinet at a level: f(level), measured at a few levels when the model is calibrated, straight in between.
 * The specification (specs/lighting.md §6) calls it the power curve of the model.
 */

import { FULL_LEVEL } from './lighting-level.ts';
import { type Infer, list, struct, uint } from './schema.ts';

/** Ascending by level, from 0 (standby) to 1,000 ‰; in mW. */
export const powerCurveSchema = list(struct({ level: uint({ max: FULL_LEVEL }), powerMw: uint({ max: 2_000_000 }) }), {
  min: 2,
  max: 16,
  order: (a, b) => a.level - b.level,
});
export type PowerCurve = Infer<typeof powerCurveSchema>;

/** Power in mW at a level in ‰, rounded to the nearest; outside of what was measured, as at its nearer end. */
export function lampPowerMw(curve: PowerCurve, level: number): number {
  const at = curve.findIndex((point) => point.level >= level);
  const above = curve[at] ?? (curve.at(-1) as PowerCurve[0]);
  const below = curve[at - 1];
  if (below === undefined || above.level < level) return above.powerMw;
  const part = (above.powerMw - below.powerMw) * (level - below.level);
  return below.powerMw + Math.round(part / (above.level - below.level));
}
