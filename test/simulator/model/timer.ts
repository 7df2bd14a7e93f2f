/**
 * The timer by which a machine knows that an order is too old, against true time: a counter that runs at a wrong rate, is read in steps and
 * may stand still while the machine sleeps. Time is in tenths of a tick; the counter gains nine, ten or eleven tenths in each.
 */

import type { Model } from './explore.ts';

const TICK = 10;
const RATES = [9, 10, 11] as const;
/** In true tenths; and how coarsely the counter is read, in its own, which divides no lifetime. */
export const LIFETIME = 4 * TICK;
export const RESOLUTION = 7;
/** Beyond twice its lifetime nothing new happens. */
const AGE_MAX = 2 * LIFETIME;

type State = {
  /** True time since the challenge was drawn. */
  readonly age: number;
  /** The counter when it was drawn, and how far it came since. */
  readonly from: number;
  readonly counted: number;
};
type Fact = { readonly isObeyed: boolean };

export type TimerRules = {
  /** What one reading may be too low is added to the age. */
  readonly addsResolution: boolean;
  /** The counter goes on while the machine is suspended. */
  readonly countsSleep: boolean;
  /** The age must be below the lifetime. */
  readonly asksAge: boolean;
};
export const TIMER_RULES: TimerRules = { addsResolution: true, countsSleep: true, asksAge: true };

/** What the machine reads. */
export function readCounter(value: number): number {
  return value - (value % RESOLUTION);
}

/** Whether an order of this lifetime is still obeyed. */
export function isInTime({ from, counted }: Pick<State, 'from' | 'counted'>, rules: TimerRules = TIMER_RULES): boolean {
  const age = readCounter(from + counted) - readCounter(from) + (rules.addsResolution ? RESOLUTION : 0);
  return !rules.asksAge || age < LIFETIME;
}

export function timerModel(rules: TimerRules = TIMER_RULES): Model<State, Fact> {
  return {
    initial: Array.from({ length: RESOLUTION }, (_, from) => ({ age: 0, from, counted: 0 })),
    steps: (state) => {
      const { age, counted } = state;
      const passes = age >= AGE_MAX ? [] : RATES.map((rate) => ({ event: `${rate} tenths`, next: pass(state, rate) }));
      const sleep = { ...state, age: age + TICK, counted: counted + (rules.countsSleep ? TICK : 0) };
      return [
        ...passes,
        ...(age >= AGE_MAX ? [] : [{ event: 'sleeps', next: sleep }]),
        { event: 'an order comes', next: state, fact: { isObeyed: isInTime(state, rules) } },
      ];
    },
    invariants: {
      '3. obeyed only before the counter came as far as its lifetime': ({ counted }, { fact }) =>
        fact?.isObeyed !== true || counted < LIFETIME,
      // A counter that is a tenth too slow is believed a tenth too long, and no longer.
      '3. obeyed only before its lifetime ends, by the slowest counter that is allowed': ({ age }, { fact }) =>
        fact?.isObeyed !== true || age * RATES[0] < LIFETIME * TICK,
    },
  };
}

function pass(state: State, rate: number): State {
  return { ...state, age: state.age + TICK, counted: state.counted + rate };
}
