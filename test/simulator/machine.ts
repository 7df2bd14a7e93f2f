/**
 * A simulated machine: a disk, a clock that may be wrong, and at most one process, which may die at any operation on the disk. What it has
 * durable survives; of the rest a power cut leaves what `SimulatedDisk` says a disk may leave.
 */

import { setImmediate as realTurn } from 'node:timers/promises';
import type { RootDatabase } from 'lmdb';
import type { Dice } from './dice.ts';
import { FileTree } from './file-tree.ts';
import { type Owner, time } from './virtual-time.ts';

/** Thrown into code of a process that is dead: it unwinds and changes nothing any more. */
export class ProcessDead extends Error {
  constructor() {
    super('the process is dead');
    this.name = 'ProcessDead';
  }
}

/** One life of the software on a machine. */
export class SimulatedProcess implements Owner {
  readonly machine: Machine;
  readonly environments = new Set<RootDatabase>();
  isAlive = true;
  stoppedUntilMs = 0;
  /** It dies at the operation after so many; null: at none. */
  operationsLeft: number | null = null;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** Before each thing that changes the disk. Throws ProcessDead. */
  operate(): void {
    if (!this.isAlive) throw new ProcessDead();
    this.machine.operationCount++;
    if (this.operationsLeft === null) return;
    if (this.operationsLeft-- > 0) return;
    this.machine.crash('power');
    throw new ProcessDead();
  }
}

/** How a process ends: the machine loses power, or it alone is killed and the system keeps what it wrote. */
export type CrashKind = 'power' | 'kill';

export type MachineOptions = {
  readonly number: number;
  readonly dice: Dice;
  /** A folder of this computer, in memory where it can be, for the databases. */
  readonly databases: string;
  /** Slowest fsync, in virtual milliseconds. */
  readonly syncMsMax: number;
};

/** One machine. Paths on it begin with `root`. */
export class Machine {
  readonly number: number;
  readonly root: string;
  readonly databases: string;
  readonly files: FileTree;
  readonly #dice: Dice;
  readonly #syncMsMax: number;
  /** Told of each end of a process that was not asked for. */
  onCrash: (kind: CrashKind) => void = () => undefined;
  /** What its clock shows beyond the true time. */
  clockAheadMs = 0;
  process: SimulatedProcess | null = null;
  operationCount = 0;
  /** A disk that says "synced" and is not. */
  isLying = false;

  constructor({ number, dice, databases, syncMsMax }: MachineOptions) {
    this.number = number;
    this.root = `/machine-${number}`;
    this.databases = databases;
    this.#dice = dice;
    this.#syncMsMax = syncMsMax;
    this.files = new FileTree(this.root);
  }

  /** Starts a process; what runs in it is its code. */
  start<T>(work: () => T): T {
    if (this.process !== null) throw new Error('one process at a time');
    this.process = new SimulatedProcess(this);
    return time.as(this.process, work);
  }

  /** Ends the process without a word. */
  crash(kind: CrashKind): void {
    const { process } = this;
    if (process === null) return;
    this.end();
    if (kind === 'power') this.files.cutPower(this.#dice);
    this.onCrash(kind);
  }

  /** The process is gone, as asked for or not. */
  end(): void {
    const { process } = this;
    if (process === null) return;
    process.isAlive = false;
    this.process = null;
    this.files.closeAll();
    // Its last code may still read: what is closed under a read takes the whole simulator along.
    for (const environment of process.environments) void time.hold(realTurn().then(() => environment.close()));
  }

  /** How long the next fsync takes. */
  syncMs(): number {
    return this.#dice.once(20) ? this.#dice.below(this.#syncMsMax * 20) : this.#dice.below(this.#syncMsMax);
  }
}

/** The process whose code runs. Throws ProcessDead when it is dead, a plain Error where none runs. */
export function currentProcess(): SimulatedProcess {
  const { owner } = time;
  if (!(owner instanceof SimulatedProcess)) throw new Error('code of no simulated process asks for its machine');
  if (!owner.isAlive) throw new ProcessDead();
  return owner;
}
