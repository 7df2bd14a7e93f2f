/**
 * An intersection as a device drives it: the controller proposes lamps, the conflict monitor looks at what is lit, and what reaches the
 * street is the controller's only while the monitor lets it. One call of `step` every 100 ms.
 */

import type { ConflictMonitor } from '../monitor/conflict-monitor.ts';
import type { MonitorProgram } from '../monitor/monitor-program.ts';
import { SignalController, type SignalInputs } from './controller.ts';
import type { SignalProgram } from './signal-program.ts';

type IntersectionOptions = {
  readonly program: SignalProgram;
  readonly monitor: ConflictMonitor;
  /** What is really lit when these lamps are switched on; the wires of a real cabinet, faults in a test. */
  readonly wiring?: (lamps: Uint8Array) => Uint8Array;
};

/** What an intersection runs, made of the same two documents by two ways that share nothing. */
export type SignalPrograms = { readonly program: SignalProgram; readonly guard: MonitorProgram };

/** Controller and monitor of one intersection. */
export class Intersection {
  readonly monitor: ConflictMonitor;
  #program: SignalProgram;
  #renewal: SignalPrograms | null = null;
  readonly #wiring: (lamps: Uint8Array) => Uint8Array;
  #controller: SignalController;
  #isBroken = false;
  #lamps: Uint8Array;

  constructor({ program, monitor, wiring = (lamps) => lamps }: IntersectionOptions) {
    this.#program = program;
    this.monitor = monitor;
    this.#wiring = wiring;
    this.#controller = new SignalController(program);
    this.#lamps = new Uint8Array(program.phases.length);
  }

  /** For orders, choices and status. Another one after `resetOnSite`. */
  get controller(): SignalController {
    return this.#controller;
  }

  /** What it runs now. */
  get program(): SignalProgram {
    return this.#program;
  }

  /** True while the street sees flash: by the controller, or by the monitor that tripped. */
  get isFlashing(): boolean {
    const { mode } = this.#controller;
    return this.monitor.trip !== null || mode === 'flash' || mode === 'starting';
  }

  /** Other documents were signed: the intersection goes to flash, through yellow and all red, and begins anew with them. */
  renew(programs: SignalPrograms): void {
    this.#renewal = programs;
  }

  /** One step: the lamps on the street, one byte for each phase in the order of the matrix. `nowMs` only rises. */
  step(nowMs: number, inputs: SignalInputs): Uint8Array {
    if (this.#renewal !== null) this.#prepare(this.#renewal);
    this.#propose(inputs);
    const lit = this.#wiring(this.#lamps);
    return this.monitor.sample({ nowMs, lamps: lit, beat: this.#controller.beat }) ? lit : this.monitor.flashLamps(nowMs);
  }

  #prepare({ program, guard }: SignalPrograms): void {
    // No order in between keeps the old documents.
    this.#controller.orderFlash();
    if (this.#controller.status.mode !== 'flash') return;
    this.#renewal = null;
    this.#program = program;
    this.monitor.renew(guard);
    this.#controller = new SignalController(program);
    this.#lamps = new Uint8Array(program.phases.length);
  }

  /** A controller that found itself in error stops: its beat stands still, and the monitor's watchdog takes over. */
  #propose(inputs: SignalInputs): void {
    if (this.#isBroken) return;
    try {
      this.#lamps = this.#controller.tick(inputs);
    } catch {
      this.#isBroken = true;
      this.#lamps = new Uint8Array(this.#program.phases.length);
    }
  }

  /** Somebody stands at the cabinet and found the cause: the controller begins anew, with flash and all red. */
  resetOnSite(): void {
    const { program, guard } = this.#renewal ?? { program: this.#program, guard: null };
    this.#renewal = null;
    this.#program = program;
    if (guard !== null) this.monitor.renew(guard);
    this.monitor.resetOnSite();
    this.#controller = new SignalController(program);
    this.#isBroken = false;
  }
}
