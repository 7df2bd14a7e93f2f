/** When a conflict monitor has to have tripped (specs/signals.md §8), told from the lit lamps: the monitor's judge, with code of its own. */

import type { SignalMatrix } from '@oppidum/formats/signal-matrix';
import { crossingNeeded, redClearanceNeeded, yellowNeeded } from '@oppidum/formats/signal-timing';

const STEP_MS = 100;
const [YELLOW, GREEN] = [2, 4];
const LONG_AGO_MS = -1_000_000;

type Head = {
  readonly isVehicle: boolean;
  readonly stopMs: number;
  readonly clearMs: number;
  readonly foes: readonly number[];
  lit: number;
  darkMs: number;
  dualMs: number;
  greenEndMs: number;
  yellowMs: number;
};

/** Judges one intersection from the first step on, or from a reset. */
export class SignalOracle {
  readonly #heads: Head[];
  #nowMs = 0;
  #conflictMs = 0;
  #beat = -1;
  #beatMs = 0;
  #isFirst = true;

  constructor({ phases, compatible }: SignalMatrix) {
    const isFriend = (a: number, b: number): boolean =>
      a === b || compatible.some(([x, y]) => (x === a && y === b) || (x === b && y === a));
    this.#heads = phases.map(({ number, widthFt, vehicle }) => ({
      isVehicle: vehicle !== undefined,
      stopMs: vehicle === undefined ? crossingNeeded(widthFt) : yellowNeeded(vehicle.speedMph, vehicle.gradePercent),
      clearMs: vehicle === undefined ? 3_000 : redClearanceNeeded(widthFt, vehicle.speedMph),
      foes: phases.flatMap((other, i) => (isFriend(number, other.number) ? [] : [i])),
      lit: 0,
      darkMs: 0,
      dualMs: 0,
      greenEndMs: LONG_AGO_MS,
      yellowMs: 0,
    }));
  }

  /** The next look. True when the monitor has to be tripped after it. */
  step(lamps: Uint8Array, beat: number): boolean {
    this.#nowMs += STEP_MS;
    const passedMs = this.#isFirst ? 0 : STEP_MS;
    this.#isFirst = false;
    if (this.#heads.some((head) => (head.lit & 6) !== 0 && head.foes.some((foe) => ((this.#heads[foe] as Head).lit & 6) !== 0)))
      this.#conflictMs += passedMs;
    if (beat !== this.#beat) [this.#beat, this.#beatMs] = [beat, this.#nowMs];
    let isDue = this.#conflictMs >= 300 || this.#nowMs - this.#beatMs >= 1_000;
    for (let i = 0; i < this.#heads.length; i++) isDue = this.#see(this.#heads[i] as Head, lamps[i] as number, passedMs) || isDue;
    return isDue || this.#heads.some((head) => this.#beginsEarly(head));
  }

  #see(head: Head, lamps: number, passedMs: number): boolean {
    head.darkMs = head.lit === 0 ? head.darkMs + passedMs : 0;
    if (head.lit !== 0 && head.lit !== 1 && head.lit !== YELLOW && head.lit !== GREEN) head.dualMs += passedMs;
    const hadGreen = head.lit >= GREEN;
    if ((head.lit & YELLOW) !== 0) head.yellowMs += passedMs;
    if (hadGreen && lamps < GREEN) [head.greenEndMs, head.yellowMs] = [this.#nowMs, 0];
    head.lit = lamps;
    const isYellowOver = (lamps & YELLOW) === 0 && this.#nowMs - head.greenEndMs <= head.stopMs;
    return (
      head.dualMs >= 300 ||
      (head.isVehicle && head.darkMs >= 1_000) ||
      (head.isVehicle && isYellowOver && head.yellowMs < head.stopMs - 100)
    );
  }

  #beginsEarly(head: Head): boolean {
    if (head.lit < GREEN) return false;
    return head.foes.some((at) => {
      const foe = this.#heads[at] as Head;
      return this.#nowMs - foe.greenEndMs < foe.stopMs + foe.clearMs - 100;
    });
  }
}
