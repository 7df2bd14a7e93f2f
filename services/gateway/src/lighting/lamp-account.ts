/**
 * What lamps saved, from nothing but what they said: mean brightness and power of intervals. A lamp's full power is its own power divided by
 * its own brightness, over all the time that it burned; so a lamp that was always dark has saved nothing, and none is believed to be
 * another than it is.
 */

import type { LightingIntervalJson } from '../api/lighting.ts';

/** Of one lamp in one interval: its brightness and how much of the time it burned, from 0 to 1, and what it took in W. */
export type LampMean = { readonly level: number; readonly lit: number; readonly powerW: number };
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

type IntervalSum = { level: number; powerW: number; undimmedW: number; count: number };

/** Half-night switching: every second lamp off, in minutes of local time. */
const HALF_FROM = 23 * 60;
const HALF_TO = 5 * 60;
const DAY_MINUTES = 1_440;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** What a lamp takes in full light and when dark; zero where it never showed it. */
export function curveOf(means: LampMeans): LampCurve {
  const [dark, burning] = [[...means.values()].filter(({ lit }) => lit === 0), [...means.values()].filter(({ lit }) => lit > 0)];
  const darkW = dark.length === 0 ? 0 : dark.reduce((sum, { powerW }) => sum + powerW, 0) / dark.length;
  let [litPower, litLevel] = [0, 0];
  for (const { level, lit, powerW } of burning) {
    litPower += powerW - (1 - lit) * darkW;
    litLevel += level;
  }
  return { fullW: litLevel === 0 ? darkW : litPower / litLevel, darkW };
}

/** Sums over lamps, one after the other: what is kept is as much for ten thousand as for one. */
export class SavingsSum {
  readonly #intervals = new Map<number, IntervalSum>();

  /** An interval counts for the lamps that spoke in it. */
  add(means: LampMeans): void {
    const { fullW, darkW } = curveOf(means);
    for (const [startMs, { level, lit, powerW }] of means) {
      let sum = this.#intervals.get(startMs);
      if (sum === undefined) {
        sum = { level: 0, powerW: 0, undimmedW: 0, count: 0 };
        this.#intervals.set(startMs, sum);
      }
      sum.level += level;
      sum.powerW += powerW;
      sum.undimmedW += lit * fullW + (1 - lit) * darkW;
      sum.count++;
    }
  }

  /** Of all that were added; `aheadMinutes`: local time less UTC. */
  over(span: Span, aheadMinutes: (timeMs: number) => number): Savings {
    let [usedWh, undimmedWh, halfNightWh] = [0, 0, 0];
    const sums = [...this.#intervals].sort(([a], [b]) => a - b);
    const intervals = sums.map(([startMs, { level, powerW, undimmedW, count }]): LightingIntervalJson => {
      const [fromMs, toMs] = [Math.max(startMs, span.fromMs), Math.min(startMs + span.stepMs, span.toMs)];
      const halfNightW = undimmedW * (1 - halfShare(fromMs, toMs, aheadMinutes(fromMs)) / 2);
      const hours = (toMs - fromMs) / HOUR_MS;
      usedWh += powerW * hours;
      undimmedWh += undimmedW * hours;
      halfNightWh += halfNightW * hours;
      return { fromMs, toMs, level: level / count, powerW, undimmedW, halfNightW };
    });
    return { usedWh, undimmedWh, halfNightWh, intervals };
  }
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
