/** What each phase of an intersection shows, and since when: as a reading `signal/phases` tells it (specs/signals.md §10). */

import { LAMP_GREEN, LAMP_RED, LAMP_YELLOW } from '@oppidum/formats/signal-lamps';

type Aspect = 'red' | 'yellow' | 'green' | 'dark' | 'flash';
type Shown = { readonly number: number; readonly aspect: Aspect; readonly sinceMs: number };

const MS_A_SECOND = 1_000;

/** Watches the lamps on the street, step by step. */
export class PhaseWatch {
  #shown: readonly Shown[] = [];
  #nowMs = 0;

  /** After a step: the lamps of each phase by its place, all in flash or not. `nowMs` only rises. */
  watch(phases: readonly { readonly number: number }[], lamps: Uint8Array, isFlashing: boolean, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#shown = phases.map(({ number }, i) => {
      const aspect = isFlashing ? 'flash' : aspectOf(lamps[i] ?? 0);
      const before = this.#shown.find((each) => each.number === number);
      return before?.aspect === aspect ? before : { number, aspect, sinceMs: nowMs };
    });
  }

  /** `2 green 12, 4 red 3`: number, aspect, whole seconds. */
  get text(): string {
    const seconds = (sinceMs: number): number => Math.floor((this.#nowMs - sinceMs) / MS_A_SECOND);
    return this.#shown.map(({ number, aspect, sinceMs }) => `${number} ${aspect} ${seconds(sinceMs)}`).join(', ');
  }
}

/** Green before yellow before red: what lets most go. */
function aspectOf(lamps: number): Aspect {
  if ((lamps & LAMP_GREEN) !== 0) return 'green';
  if ((lamps & LAMP_YELLOW) !== 0) return 'yellow';
  return (lamps & LAMP_RED) !== 0 ? 'red' : 'dark';
}
