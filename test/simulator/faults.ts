/** What befalls the machines of a simulated city, and its network. */

import type { Dice } from './dice.ts';
import type { Machine } from './machine.ts';
import type { Network } from './network.ts';
import type { SimulatedNode } from './node.ts';
import { time } from './virtual-time.ts';

/** Ticks after which the weather may change, how often it is a storm, and how seldom a tick has a fault. */
const WEATHER_TICKS = 60;
const STORM_ONE_IN = 4;
const STORM_FAULT_ONE_IN = 8;
const FAULT_ONE_IN = 50;
const DOWN_MS_MAX = 5_000;
const STOPPED_MS_MAX = 3_000;
const CUT_MS_MAX = 6_000;
const SKEW_MS_MAX = 4_000;
/** A process dies within so many operations on its disk. */
const OPERATIONS_MAX = 60;

/** The faults of one simulation. */
export class Faults {
  readonly #dice: Dice;
  readonly #nodes: readonly SimulatedNode[];
  readonly #network: Network;
  readonly #restarting = new Set<Machine>();
  #isStorm = false;
  #isStormFor = 0;
  count = 0;

  constructor(dice: Dice, nodes: readonly SimulatedNode[], network: Network) {
    this.#dice = dice;
    this.#nodes = nodes;
    this.#network = network;
  }

  /** Perhaps one, now. */
  happen(): void {
    for (const { machine } of this.#nodes) if (machine.process === null) this.#restart(machine);
    const dice = this.#dice;
    if (this.#isStormFor-- <= 0) {
      this.#isStorm = dice.once(STORM_ONE_IN);
      this.#isStormFor = WEATHER_TICKS;
    }
    if (!dice.once(this.#isStorm ? STORM_FAULT_ONE_IN : FAULT_ONE_IN)) return;
    this.count++;
    const { machine } = this.#nodes[dice.below(this.#nodes.length)] as SimulatedNode;
    const { process } = machine;
    dice.pick<() => void>([
      () => machine.crash('power'),
      () => machine.crash('kill'),
      () => {
        if (process !== null) process.operationsLeft = dice.below(OPERATIONS_MAX);
      },
      () => {
        if (process !== null) process.stoppedUntilMs = time.nowMs + dice.below(STOPPED_MS_MAX);
      },
      () => this.#network.cut(this.#some(), dice.below(CUT_MS_MAX)),
      () => {
        machine.clockAheadMs = dice.below(2 * SKEW_MS_MAX) - SKEW_MS_MAX;
      },
      () => {
        // All at once.
        if (dice.once(6)) for (const each of this.#nodes) each.machine.crash('power');
      },
      // Its disk was lost; what its keys signed last was not, and others have the rest.
      ...(this.#nodes.length > 1 ? [() => this.#nodes[dice.below(this.#nodes.length)]?.wipe()] : []),
    ])();
  }

  /** No more of them; everybody is up again. */
  heal(): void {
    this.#network.isPerfect = true;
    for (const { machine } of this.#nodes) {
      if (machine.process === null) continue;
      machine.process.operationsLeft = null;
      machine.process.stoppedUntilMs = 0;
    }
    for (const node of this.#nodes) if (node.machine.process === null) node.start();
  }

  #restart(machine: Machine): void {
    if (this.#restarting.has(machine)) return;
    this.#restarting.add(machine);
    const node = this.#nodes.find((each) => each.machine === machine);
    const start = (): void => {
      this.#restarting.delete(machine);
      if (machine.process === null) node?.start();
    };
    time.after(this.#dice.below(DOWN_MS_MAX), start, null);
  }

  #some(): number[] {
    return this.#nodes.map((_, number) => number).filter(() => this.#dice.once(2));
  }
}
