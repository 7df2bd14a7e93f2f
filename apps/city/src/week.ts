/**
 * What a town does over a week, as a rate that can be summed: how much there was of it since 1970 is known at every moment without adding
 * up the past. So a counter is the exact integral of what was measured, after any pause, at any speed.
 */

import { DAY_MS, HOUR_MS, localMs } from './local-time.ts';
import { smoothNoise, smoothNoiseSlope } from './noise.ts';

const SLOT_S = 600;
const SLOTS_A_WEEK = (7 * DAY_MS) / 1_000 / SLOT_S;
const WEEK_S = SLOTS_A_WEEK * SLOT_S;
/** 1970-01-01 was a Thursday: days 2 and 3 of these weeks are Saturday and Sunday. */
const WEEKEND: ReadonlySet<number> = new Set([2, 3]);

/** A rate that repeats every week: straight lines between its values at every tenth minute. */
export class Week {
  readonly #rates: Float64Array;
  /** The sum of all before a slot. */
  readonly #sums: Float64Array;

  /** `rateAt`: per second, at a local hour of a day of work or rest. */
  constructor(rateAt: (hour: number, isWeekend: boolean) => number) {
    this.#rates = Float64Array.from({ length: SLOTS_A_WEEK + 1 }, (_, slot) => {
      const hours = ((slot % SLOTS_A_WEEK) * SLOT_S * 1_000) / HOUR_MS;
      return rateAt(hours % 24, WEEKEND.has(Math.floor(hours / 24)));
    });
    this.#sums = new Float64Array(SLOTS_A_WEEK + 1);
    for (let slot = 0; slot < SLOTS_A_WEEK; slot++)
      this.#sums[slot + 1] = at(this.#sums, slot) + (SLOT_S * (at(this.#rates, slot) + at(this.#rates, slot + 1))) / 2;
  }

  /** Per second, at this second of local time. */
  rate(localS: number): number {
    const { slot, share } = placeOf(localS);
    const [from, to] = [at(this.#rates, slot), at(this.#rates, slot + 1)];
    return from + (to - from) * share;
  }

  /** All since 1970. */
  total(localS: number): number {
    const { weeks, slot, share } = placeOf(localS);
    const [from, to] = [at(this.#rates, slot), at(this.#rates, slot + 1)];
    const inSlot = SLOT_S * (from * share + ((to - from) * share * share) / 2);
    return weeks * at(this.#sums, SLOTS_A_WEEK) + at(this.#sums, slot) + inSlot;
  }
}

function placeOf(localS: number): { readonly weeks: number; readonly slot: number; readonly share: number } {
  const weeks = Math.floor(localS / WEEK_S);
  const slots = (localS - weeks * WEEK_S) / SLOT_S;
  const slot = Math.min(SLOTS_A_WEEK - 1, Math.floor(slots));
  return { weeks, slot, share: slots - slot };
}

function at(values: Float64Array, place: number): number {
  return values[place] as number;
}

type FlowOptions = {
  readonly week: Week;
  readonly seed: number;
  readonly lon: number;
  /** Times the week's rate. */
  readonly scale: number;
  /** Over which it is now more, now less. */
  readonly periodMs: number;
  /** By which share it is more or less, below 1. */
  readonly swing: number;
  /** From which moment on it is counted. */
  readonly sinceMs: number;
};

/**
 * One thing's part in the week: scaled, and now ahead of it, now behind. Being ahead by a smooth noise makes its rate larger by the slope
 * of that noise; so the sum stays exact, and never falls.
 */
export class Flow {
  readonly #options: FlowOptions;
  readonly #aheadS: number;
  readonly #before: number;

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#aheadS = (options.swing * options.periodMs) / 3_000;
    this.#before = this.#sum(options.sinceMs);
  }

  /** Per second, at a moment of town time. */
  rate(timeMs: number): number {
    const { week, seed, scale, periodMs } = this.#options;
    return scale * week.rate(this.#warped(timeMs)) * (1 + this.#aheadS * smoothNoiseSlope(seed, timeMs, periodMs));
  }

  /** All since `sinceMs`. */
  total(timeMs: number): number {
    return this.#sum(timeMs) - this.#before;
  }

  #sum(timeMs: number): number {
    return this.#options.scale * this.#options.week.total(this.#warped(timeMs));
  }

  #warped(timeMs: number): number {
    const { seed, lon, periodMs } = this.#options;
    return localMs(timeMs, lon) / 1_000 + this.#aheadS * smoothNoise(seed, timeMs, periodMs);
  }
}
