/** Vehicles and people at an intersection: point queues, arrivals by chance, loops at the stop line. */

import type { SignalMatrix } from '@oppidum/formats/signal-matrix';
import type { SignalPlans } from '@oppidum/formats/signal-plan';
import { Dice } from '../simulator/dice.ts';

/** A driver who sees green needs so long to start; then a lane lets one vehicle through every two seconds. */
const START_STEPS = 20;
const HEADWAY_STEPS = 20;
const CHANCE = 1_000_000;
const STEPS_PER_HOUR = 36_000;
const STEPS_PER_SECOND = 10;
const GREEN = 4;

type Queue = {
  readonly lanes: number;
  /** Vehicles or people an hour. */
  perHour: number;
  waiting: number;
  greenSteps: number;
  hasGap: boolean;
  departed: number;
  waitedSteps: number;
  count: number;
};

/** Everybody who comes to one intersection. */
export class SignalTraffic {
  readonly #dice: Dice;
  readonly #queues: readonly Queue[];
  readonly #loops: readonly { readonly bit: number; readonly at: number; readonly isButton: boolean }[];
  constructor(seed: number, matrix: SignalMatrix, { detectors }: SignalPlans) {
    this.#dice = new Dice(seed);
    this.#queues = matrix.phases.map(({ vehicle }) => {
      const lanes = vehicle === undefined ? 0 : vehicle.road === 'major' ? 2 : 1;
      return { lanes, perHour: 0, waiting: 0, greenSteps: 0, hasGap: false, departed: 0, waitedSteps: 0, count: 0 };
    });
    this.#loops = detectors.flatMap(({ number, kind, serves }) => {
      const at = matrix.phases.findIndex((phase) => phase.number === serves);
      return kind === 'priority' ? [] : [{ bit: 1 << (number - 1), at, isButton: kind === 'button' }];
    });
  }

  /** How many an hour come to the phase at `index` from now on. */
  setFlow(index: number, perHour: number): void {
    (this.#queues[index] as Queue).perHour = perHour;
  }

  /** A vehicle from the intersection before comes to the phase at `index`. */
  arrive(index: number): void {
    const queue = this.#queues[index] as Queue;
    queue.waiting++;
    queue.count++;
  }

  /** True when a vehicle of the phase at `index` drove on in the last step. */
  hasDeparted(index: number): boolean {
    return (this.#queues[index] as Queue).departed > 0;
  }

  /** How many came and how long each waited, in seconds: of one phase, of all vehicles or of all on foot. */
  delay(of: number | 'vehicles' | 'walkers'): { readonly count: number; readonly meanS: number } {
    const queues =
      typeof of === 'number'
        ? [this.#queues[of] as Queue]
        : this.#queues.filter(({ lanes }) => lanes > 0 === (of === 'vehicles'));
    const count = queues.reduce((sum, queue) => sum + queue.count, 0);
    return { count, meanS: queues.reduce((sum, queue) => sum + queue.waitedSteps, 0) / STEPS_PER_SECOND / count };
  }

  /** One step of 100 ms under these lamps: the detectors that are active. */
  step(lamps: Uint8Array): number {
    for (const [i, queue] of this.#queues.entries()) this.#move(queue, (lamps[i] as number) === GREEN);
    let active = 0;
    for (const { bit, at } of this.#loops) {
      const { waiting, hasGap } = this.#queues[at] as Queue;
      if (waiting > 0 && !hasGap) active |= bit;
    }
    return active;
  }

  #move(queue: Queue, isGreen: boolean): void {
    const { lanes, perHour } = queue;
    if (this.#dice.below(CHANCE) < (perHour / STEPS_PER_HOUR) * CHANCE) {
      queue.waiting++;
      queue.count++;
    }
    queue.greenSteps = isGreen ? queue.greenSteps + 1 : 0;
    queue.hasGap = false;
    queue.departed = 0;
    if (lanes === 0) {
      if (isGreen) queue.waiting = 0;
      queue.waitedSteps += queue.waiting;
      return;
    }
    const isMoving = queue.greenSteps >= START_STEPS && (queue.greenSteps * lanes) % HEADWAY_STEPS < lanes;
    if (isMoving && queue.waiting > 0) {
      queue.waiting--;
      queue.hasGap = true;
      queue.departed = 1;
    }
    queue.waitedSteps += queue.waiting;
  }
}
