/** The network between simulated machines: messages come late, out of order or never, and some machines do not reach others for a while. */

import type { Dice } from './dice.ts';
import type { Machine, SimulatedProcess } from './machine.ts';
import { time } from './virtual-time.ts';

/** Of so many messages one is lost, and one takes long. */
const LOST_ONE_IN = 40;
const SLOW_ONE_IN = 30;
const SLOW_MS_MAX = 2_000;
const USUAL_MS_MAX = 20;

/** Messages of one simulation. */
export class Network {
  readonly #dice: Dice;
  readonly #machines: readonly Machine[];
  /** Machines that reach only each other until then. */
  #island = new Set<number>();
  #islandUntilMs = 0;
  isPerfect = false;
  sentCount = 0;
  lostCount = 0;

  constructor(dice: Dice, machines: readonly Machine[]) {
    this.#dice = dice;
    this.#machines = machines;
  }

  /** Cuts these machines off for a while. */
  cut(numbers: readonly number[], forMs: number): void {
    this.#island = new Set(numbers);
    this.#islandUntilMs = time.nowMs + forMs;
  }

  get isCut(): boolean {
    return !this.isPerfect && time.nowMs < this.#islandUntilMs;
  }

  reaches(from: number, to: number): boolean {
    return !this.isCut || this.#island.has(from) === this.#island.has(to);
  }

  /** Delivers to the process that runs on the other machine when the message arrives, if there is one and it is not lost. */
  send(from: number, to: number, deliver: (process: SimulatedProcess) => void): void {
    this.sentCount++;
    const isLost = from !== to && (!this.reaches(from, to) || (!this.isPerfect && this.#dice.once(LOST_ONE_IN)));
    if (isLost) {
      this.lostCount++;
      return;
    }
    time.after(from === to ? 0 : this.#delayMs(), () => this.deliver(to, deliver), null);
  }

  /** At once, unless the process stands still. */
  deliver(to: number, deliver: (process: SimulatedProcess) => void): void {
    const process = this.#machines[to]?.process ?? null;
    if (process !== null) time.after(0, () => deliver(process), process);
  }

  #delayMs(): number {
    const isSlow = !this.isPerfect && this.#dice.once(SLOW_ONE_IN);
    return 1 + this.#dice.below(isSlow ? SLOW_MS_MAX : USUAL_MS_MAX);
  }
}
