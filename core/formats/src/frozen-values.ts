/**
 * A detector that says one number for ever (specs/lighting.md §4.1): it hangs, or somebody holds it still. Each of its readings may be well
 * formed, fresh and truly signed; only that they never change gives it away.
 */

import { type Infer, struct, uint } from './schema.ts';

const SECOND_MS = 1_000;
const DAY_S = 86_400;

/** For so long a detector may say the same: a number above 0, and 0, which an empty road gives for hours. */
export const frozenLimitsSchema = struct({ busyS: uint({ min: 1, max: DAY_S }), emptyS: uint({ min: 1, max: DAY_S }) });
export type FrozenLimits = Infer<typeof frozenLimitsSchema>;

/** What a detector says, when it said it first without a change since, and when last; by one clock that only rises, in milliseconds. */
export type SteadyRun = { readonly value: number; readonly fromMs: number; readonly lastMs: number };

/** The run after one more value. `before`: null where there was none. The same value heard once more changes nothing but `lastMs`. */
export function steadyRun(before: SteadyRun | null, value: number, heardMs: number): SteadyRun {
  const fromMs = before?.value === value ? before.fromMs : heardMs;
  return { value, fromMs, lastMs: heardMs };
}

/** True when a run lasts longer than the value may. Silence is no run: it ends with what was heard last. */
export function isFrozen({ busyS, emptyS }: FrozenLimits, { value, fromMs, lastMs }: SteadyRun): boolean {
  return lastMs - fromMs > (value === 0 ? emptyS : busyS) * SECOND_MS;
}
