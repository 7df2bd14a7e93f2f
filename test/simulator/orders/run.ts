/** Many sequences from one seed: how many, and the first that did what nobody had authorised. */

import { Dice } from '../dice.ts';
import type { OrderPlant } from '../plants.ts';
import { District } from './district.ts';
import type { Hands } from './hands.ts';
import { liveSequence, type Tally } from './sequence.ts';

export type OrderRun = Tally & {
  readonly sequences: number;
  /** The first breach with the seed of its sequence alone; null where there is none. */
  readonly breach: { readonly seed: number; readonly what: string } | null;
};

export type OrderRunOptions = {
  readonly hands: Hands;
  readonly seed: number;
  readonly count: number;
  readonly plant?: OrderPlant | null;
  /** Told after every so many sequences. */
  readonly onProgress?: (done: number, tally: Tally) => void;
};

const PROGRESS_COUNT = 10_000;
const VALIDATOR_COUNTS = [1, 4, 7] as const;

/** Sequence n of a run with this seed is sequence 0 of a run with seed + n. */
export async function simulateOrders({ hands, seed, count, plant = null, onProgress }: OrderRunOptions): Promise<OrderRun> {
  const districts = VALIDATOR_COUNTS.map((validatorCount) => new District(hands, validatorCount));
  const tally: Tally = { delivered: 0, obeyed: 0, brokenGlass: 0, powerCuts: 0, interrupted: 0 };
  for (let n = 0; n < count; n++) {
    const own = (seed + n) >>> 0;
    const dice = new Dice(own);
    // Most run on one validator: a quorum of five is as good and costs five times as much.
    const district = districts[dice.once(8) ? 1 + dice.below(2) : 0] as District;
    const what = await liveSequence(district, dice, plant, tally);
    if (what !== null) return { ...tally, sequences: n + 1, breach: { seed: own, what } };
    if ((n + 1) % PROGRESS_COUNT === 0) onProgress?.(n + 1, tally);
  }
  return { ...tally, sequences: count, breach: null };
}
