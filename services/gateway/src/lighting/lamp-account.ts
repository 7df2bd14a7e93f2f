/**
 * What lamps saved, from nothing but what they said: mean brightness and power of intervals. A lamp's full power is its own power divided by
 * its own brightness, over all the time that it burned; so a lamp that was always dark has saved nothing, and none is believed to be
 * another than it is.
 */

import type { LightingIntervalJson } from '../api/lighting.ts';

/** Of one lamp in one interval, from 0 to 1 and in W; null power where it said none. */
export type LampMean = { readonly level: number; readonly least: number; readonly most: number; readonly powerW: number };
/** By the beginning of the interval. */
export type LampMeans = ReadonlyMap<number, LampMean>;

export type Span = { readonly fromMs: number; readonly toMs: number; readonly stepMs: number };

export type LampCurve = { readonly fullW: number; readonly darkW: number };

export type Savings = {
  readonly usedWh: number;
  readonly undimmedWh: number;
  readonly halfNightWh: number;
  readonly intervals: readonly LightingIntervalJson[];
};

/** Half-night switching: every second lamp off, in minutes of local time. */
const HALF_FROM = 23 * 60;
const HALF_TO = 5 * 60;
const DAY_MINUTES = 1_440;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** What a lamp takes in full light and when dark; zero where it never showed it. */
export function curveOf(means: LampMeans): LampCurve {
  let [litPower, litLevel, darkPower, darkCount] = [0, 0, 0, 0];
  for (const { level, most, powerW } of means.values()) {
    if (most === 0) {
      darkPower += powerW;
      darkCount++;
    } else {
      litPower += powerW;
      litLevel += level;
    }
  }
  const darkW = darkCount === 0 ? 0 : darkPower / darkCount;
  return { fullW: litLevel === 0 ? darkW : litPower / litLevel, darkW };
}

/** Sums over lamps; `aheadMinutes`: local time less UTC. An interval counts for the lamps that spoke in it. */
export function savingsOf(lamps: readonly LampMeans[], span: Span, aheadMinutes: (timeMs: number) => number): Savings {
  const curves = lamps.map(curveOf);
  const starts = [...new Set(lamps.flatMap((means) => [...means.keys()]))].sort((a, b) => a - b);
  let [usedWh, undimmedWh, halfNightWh] = [0, 0, 0];
  const intervals = starts.map((startMs): LightingIntervalJson => {
    const [fromMs, toMs] = [Math.max(startMs, span.fromMs), Math.min(startMs + span.stepMs, span.toMs)];
    const half = halfShare(fromMs, toMs, aheadMinutes(fromMs));
    let [level, powerW, undimmedW, halfNightW, count] = [0, 0, 0, 0, 0];
    for (const [i, means] of lamps.entries()) {
      const mean = means.get(startMs);
      const curve = curves[i];
      if (mean === undefined || curve === undefined) continue;
      const lit = litShare(mean);
      const undimmed = lit * curve.fullW + (1 - lit) * curve.darkW;
      level += mean.level;
      powerW += mean.powerW;
      undimmedW += undimmed;
      halfNightW += undimmed * (1 - half / 2);
      count++;
    }
    const hours = (toMs - fromMs) / HOUR_MS;
    usedWh += powerW * hours;
    undimmedWh += undimmedW * hours;
    halfNightWh += halfNightW * hours;
    return { fromMs, toMs, level: level / count, powerW, undimmedW, halfNightW };
  });
  return { usedWh, undimmedWh, halfNightWh, intervals };
}

/** How much of an interval it burned: of one in which it was switched, as much as its mean is of its brightest. */
function litShare({ level, least, most }: LampMean): number {
  if (least > 0) return 1;
  return most === 0 ? 0 : level / most;
}

/** The share of an interval that lies in the half night, counted by the minute. */
function halfShare(fromMs: number, toMs: number, aheadMinutes: number): number {
  const count = Math.max(1, Math.ceil((toMs - fromMs) / MINUTE_MS));
  let inside = 0;
  for (let i = 0; i < count; i++) {
    const minute = (Math.floor(fromMs / MINUTE_MS) + i + aheadMinutes + DAY_MINUTES) % DAY_MINUTES;
    if (minute >= HALF_FROM || minute < HALF_TO) inside++;
  }
  return inside / count;
}
