/**
 * The phases of an intersection on the street: when each began its green, when it ends, what it shows. A phase goes
 * go → stop (yellow, or flashing don't walk) → clear (red, while others must wait) → red, and never another way.
 */

import { LAMP_GREEN, LAMP_RED, LAMP_YELLOW } from '@oppidum/formats/signal-lamps';
import type { ProgramPhase } from './signal-program.ts';

export type PhaseAspect = 'red' | 'go' | 'stop' | 'clear';
const [RED, GO, STOP, CLEAR] = [0, 1, 2, 3];
const ASPECTS: readonly PhaseAspect[] = ['red', 'go', 'stop', 'clear'];

/** Half of a flash: lit and dark in turn, sixty times a minute. */
const BLINK_MS = 500;
const NEVER_MS = Number.MAX_SAFE_INTEGER;

/** True while what flashes is lit. */
function isLit(nowMs: number): boolean {
  return nowMs % (2 * BLINK_MS) < BLINK_MS;
}

/** What each phase shows and for how long. */
export class PhaseLights {
  readonly #phases: readonly ProgramPhase[];
  readonly #aspects: Uint8Array;
  readonly #sinceMs: Float64Array;
  readonly #endMs: Float64Array;
  #goMask = 0;
  #busyMask = 0;

  constructor(phases: readonly ProgramPhase[]) {
    this.#phases = phases;
    this.#aspects = new Uint8Array(phases.length);
    this.#sinceMs = new Float64Array(phases.length);
    this.#endMs = new Float64Array(phases.length).fill(NEVER_MS);
  }

  /** Phases that show green or walk. */
  get goMask(): number {
    return this.#goMask;
  }

  /** Phases that are green or not yet cleared. */
  get busyMask(): number {
    return this.#busyMask;
  }

  aspect(index: number): PhaseAspect {
    return ASPECTS[this.#aspects[index] as number] as PhaseAspect;
  }

  /** Since when the phase shows what it shows. */
  sinceMs(index: number): number {
    return this.#sinceMs[index] as number;
  }

  /** When everything but the phases to `keep` could be cleared at the earliest; `short`: an emergency cuts walks. */
  clearedAtMs(keep: number, nowMs: number, short: boolean): number {
    let atMs = nowMs;
    for (let i = 0; i < this.#phases.length; i++) {
      const phase = this.#phases[i] as ProgramPhase;
      if ((this.#busyMask & phase.bit) === 0) continue;
      const doneMs = this.#doneMs(i, phase, { keep, nowMs, short });
      if (doneMs > atMs) atMs = doneMs;
    }
    return atMs;
  }

  #doneMs(
    index: number,
    phase: ProgramPhase,
    { keep, nowMs, short }: { readonly keep: number; readonly nowMs: number; readonly short: boolean },
  ): number {
    const sinceMs = this.#sinceMs[index] as number;
    const aspect = this.#aspects[index] as number;
    if (aspect === STOP) return sinceMs + phase.clearingMs;
    if (aspect === CLEAR) return sinceMs + phase.clearMs;
    if ((keep & phase.bit) !== 0) return nowMs;
    return Math.max(nowMs, sinceMs + (short ? phase.shortLeastMs : phase.leastMs)) + phase.clearingMs;
  }

  /** Lets every phase but those to `keep` end so that all are cleared at `atMs`, which is no earlier than `clearedAtMs` said. */
  endAllBut(keep: number, atMs: number): void {
    for (let i = 0; i < this.#phases.length; i++) {
      const { bit, clearingMs } = this.#phases[i] as ProgramPhase;
      if (this.#aspects[i] === GO) this.#endMs[i] = (keep & bit) === 0 ? atMs - clearingMs : NEVER_MS;
    }
  }

  /** Moves every phase on that has shown long enough what it shows. */
  advance(nowMs: number): void {
    for (let i = 0; i < this.#phases.length && this.#busyMask !== 0; i++) {
      const { bit, stopMs, clearMs } = this.#phases[i] as ProgramPhase;
      if ((this.#busyMask & bit) === 0) continue;
      const aspect = this.#aspects[i] as number;
      const lastedMs = nowMs - (this.#sinceMs[i] as number);
      if (aspect === GO && nowMs >= (this.#endMs[i] as number)) this.#show(i, STOP, nowMs);
      else if (aspect === STOP && lastedMs >= stopMs) this.#show(i, CLEAR, nowMs);
      else if (aspect === CLEAR && lastedMs >= clearMs) this.#show(i, RED, nowMs);
    }
  }

  /** Gives green to a phase that stands red. Throws where anything that conflicts is not cleared: better no signal than two greens. */
  begin(index: number, nowMs: number): void {
    const phase = this.#phases[index] as ProgramPhase;
    if ((this.#busyMask & phase.conflicts) !== 0)
      throw new Error(`phase ${phase.number} would be green against a conflicting one`);
    if (this.#aspects[index] !== RED) throw new Error(`phase ${phase.number} is not red`);
    this.#endMs[index] = NEVER_MS;
    this.#show(index, GO, nowMs);
  }

  #show(index: number, aspect: number, nowMs: number): void {
    const { bit } = this.#phases[index] as ProgramPhase;
    this.#aspects[index] = aspect;
    this.#sinceMs[index] = nowMs;
    this.#goMask = aspect === GO ? this.#goMask | bit : this.#goMask & ~bit;
    this.#busyMask = aspect === RED ? this.#busyMask & ~bit : this.#busyMask | bit;
  }

  /** Writes the lamps that are lit now, one byte for each phase. */
  light(lamps: Uint8Array, nowMs: number): void {
    for (let i = 0; i < this.#phases.length; i++) {
      const aspect = this.#aspects[i] as number;
      if (aspect === GO) lamps[i] = LAMP_GREEN;
      else if (aspect !== STOP) lamps[i] = LAMP_RED;
      else if ((this.#phases[i] as ProgramPhase).isCrossing) lamps[i] = isLit(nowMs) ? LAMP_RED : 0;
      else lamps[i] = LAMP_YELLOW;
    }
  }

  /** Writes the lamps of flash: yellow to main roads, red to all others, nothing to people on foot; never green. */
  lightFlash(lamps: Uint8Array, nowMs: number): void {
    for (let i = 0; i < this.#phases.length; i++) {
      const { isCrossing, flashesYellow } = this.#phases[i] as ProgramPhase;
      lamps[i] = isCrossing || !isLit(nowMs) ? 0 : flashesYellow ? LAMP_YELLOW : LAMP_RED;
    }
  }
}
