/** Who waits: calls of loops and buttons, gaps between vehicles, and requests for priority (specs/signals.md §7). */

import type { ProgramPhase, ProgramPlan, SignalProgram } from './signal-program.ts';

/** Nobody waits longer for a dead detector: a phase that was not green for so long counts as called. */
const WAIT_MAX_MS = 240_000;

/** What the detectors of an intersection have said. */
export class Calls {
  readonly #program: SignalProgram;
  readonly #seenMs: Float64Array;
  readonly #greenMs: Float64Array;
  #calledMask = 0;
  #requestMask = 0;
  #spentMask = 0;

  constructor(program: SignalProgram) {
    this.#program = program;
    this.#seenMs = new Float64Array(program.phases.length).fill(-WAIT_MAX_MS);
    this.#greenMs = new Float64Array(program.phases.length);
  }

  /** Phases that were called and have not been green since. */
  get calledMask(): number {
    return this.#calledMask;
  }

  /** Takes in which detectors are active; `goMask`: the phases that are green. */
  listen(detectors: number, goMask: number, nowMs: number): void {
    const before = this.#requestMask;
    this.#requestMask = 0;
    if (detectors !== 0) {
      for (const { bit, phase, plan } of this.#program.detectors) {
        if ((detectors & bit) === 0) continue;
        if (plan !== null) this.#requestMask |= 1 << plan.index;
        else this.#call(phase, goMask, nowMs);
      }
    }
    // A request that was held to its limit counts again only after it was gone.
    if (before !== this.#requestMask) this.#spentMask &= this.#requestMask;
  }

  #call(index: number, goMask: number, nowMs: number): void {
    const { bit } = this.#program.phases[index] as ProgramPhase;
    this.#seenMs[index] = nowMs;
    if ((goMask & bit) === 0) this.#calledMask |= bit;
  }

  /** The phase at `index` became green: its call is answered. */
  answer(index: number, nowMs: number): void {
    this.#calledMask &= ~(this.#program.phases[index] as ProgramPhase).bit;
    this.#greenMs[index] = nowMs;
  }

  /** Adds a call for each phase that waited too long; `goMask` does not wait. */
  remember(goMask: number, nowMs: number): void {
    for (let i = 0; i < this.#program.phases.length; i++) {
      const { bit } = this.#program.phases[i] as ProgramPhase;
      if ((goMask & bit) !== 0) this.#greenMs[i] = nowMs;
      else if (nowMs - (this.#greenMs[i] as number) >= WAIT_MAX_MS) this.#calledMask |= bit;
    }
  }

  /** True when no phase of the mask saw a vehicle within its extension. */
  hasGap(mask: number, nowMs: number): boolean {
    return this.#program.phases.every(
      ({ bit, hasLoop, extensionMs }, i) => (mask & bit) === 0 || !hasLoop || nowMs - (this.#seenMs[i] as number) >= extensionMs,
    );
  }

  /** The plan that is asked for with the most right: emergencies before trams, then by number; null when nobody asks. */
  request(mayServeTram: boolean): ProgramPlan | null {
    const mask = this.#requestMask & ~this.#spentMask;
    if (mask === 0) return null;
    const asked = this.#program.plans.filter(({ index }) => (mask & (1 << index)) !== 0);
    const tram = mayServeTram ? asked.find(({ purpose }) => purpose === 'tram') : undefined;
    return asked.find(({ purpose }) => purpose === 'emergency') ?? tram ?? null;
  }

  /** The plan was held as long as it may be: what asks for it now asks in vain until it was gone. */
  spend(plan: ProgramPlan): void {
    this.#spentMask |= this.#requestMask & (1 << plan.index);
  }
}
