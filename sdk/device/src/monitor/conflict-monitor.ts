/**
 * The conflict monitor of an intersection (specs/signals.md §8): looks at the lamps that are lit, knows the signed matrix, and believes
 * nobody. What it trips on stays: flash until somebody resets it on site, also when the power was lost in between.
 *
 * It imports nothing of the controller (a tidy test holds that), and no order, message or plan reaches it.
 */

import { LAMP_GREEN, LAMP_RED, LAMP_YELLOW } from '@oppidum/formats/signal-lamps';
import type { MonitorChannel, MonitorProgram } from './monitor-program.ts';

/** Why it tripped. `unreadable`: its matrix or its latch could not be read. */
export type TripReason = 'conflict' | 'redFail' | 'dualIndication' | 'shortYellow' | 'shortClearance' | 'watchdog' | 'unreadable';

/** `phases`: the one or two phases that it saw. */
export type Trip = { readonly reason: TripReason; readonly phases: readonly number[] };

/** Where a trip is kept. Both are synchronous: `write` returns when it is on disk, `read` throws where it cannot be read. */
export type Latch = { readonly read: () => Trip | null; readonly write: (trip: Trip) => void; readonly clear: () => void };

/** `beat`: any number that the controller changes at every step of its own. */
export type MonitorSample = { readonly nowMs: number; readonly lamps: Uint8Array; readonly beat: number };

/** Conflicting indications trip when they add up to this. */
const CONFLICT_MS = 300;
const DUAL_MS = 300;
/** One look: what a sampled yellow or clearance may seem shorter than it was. */
const TOLERANCE_MS = 100;
/** A head of vehicles that shows nothing for so long has lost its red; half a flash is shorter. */
const RED_FAIL_MS = 1_000;
const WATCHDOG_MS = 1_000;
const BLINK_MS = 500;
const SEVERAL_LAMPS: ReadonlySet<number> = new Set([3, 5, 6, 7]);

/** What it remembers of one channel. */
type Memory = {
  lamps: number;
  darkMs: number;
  dualMs: number;
  yellowMs: number;
  /** When green or walk ended last. */
  greenEndMs: number;
};

const nothingSeen = (): Memory => ({ lamps: 0, darkMs: 0, dualMs: 0, yellowMs: 0, greenEndMs: Number.NEGATIVE_INFINITY });

/** Watches one intersection. */
export class ConflictMonitor {
  #channels: readonly MonitorChannel[];
  #memory: readonly Memory[];
  readonly #latch: Latch;
  #trip: Trip | null = null;
  #isWritten = true;
  #nowMs: number | null = null;
  #conflictMs = 0;
  #beat: number | null = null;
  #beatMs = 0;

  /** Begins tripped when the latch says so or cannot be read, or when there is no program. */
  constructor(program: MonitorProgram | null, latch: Latch) {
    this.#channels = program?.channels ?? [];
    this.#memory = this.#channels.map(nothingSeen);
    this.#latch = latch;
    this.#trip = readLatch(latch);
    if (program === null) this.#trip ??= { reason: 'unreadable', phases: [] };
  }

  /** Why the intersection flashes; null while the controller has it. */
  get trip(): Trip | null {
    return this.#trip;
  }

  /**
   * Looks at the lamps; call it at least ten times a second with a clock that only rises. True while the controller may drive the lamps;
   * false: the flash of `flashLamps` is on, whatever the controller says.
   */
  sample({ nowMs, lamps, beat }: MonitorSample): boolean {
    if (this.#trip === null) {
      const trip = this.#look(nowMs, lamps, beat);
      if (trip !== null) {
        this.#trip = trip;
        this.#isWritten = false;
      }
    }
    this.#nowMs = nowMs;
    if (!this.#isWritten) this.#keep();
    return this.#trip === null;
  }

  /** A disk that fails does not end the flash; the next step tries again. */
  #keep(): void {
    try {
      this.#latch.write(this.#trip as Trip);
      this.#isWritten = true;
    } catch {
      this.#isWritten = false;
    }
  }

  /** Another matrix was signed; called while nothing but flash is shown. A trip stays, and so does what conflicts have added up to. */
  renew({ channels }: MonitorProgram): void {
    this.#channels = channels;
    this.#memory = channels.map(nothingSeen);
  }

  /** Somebody stands at the cabinet and found the cause. What still is wrong trips again. */
  resetOnSite(): void {
    this.#latch.clear();
    this.#trip = this.#channels.length === 0 ? { reason: 'unreadable', phases: [] } : null;
    this.#isWritten = true;
    this.#conflictMs = 0;
    this.#nowMs = null;
    this.#beat = null;
    for (const memory of this.#memory) Object.assign(memory, nothingSeen());
  }

  /** The first thing that is wrong, in a fixed order. */
  #look(nowMs: number, lamps: Uint8Array, beat: number): Trip | null {
    // What was lit at the last look stayed lit until now.
    const passedMs = this.#nowMs === null ? 0 : nowMs - this.#nowMs;
    if (!(passedMs >= 0)) return { reason: 'watchdog', phases: [] };
    return (
      this.#lookAtConflicts(passedMs) ??
      this.#lookAtBeat(nowMs, beat) ??
      this.#lookAtChannels(nowMs, passedMs, lamps) ??
      this.#lookAtClearance(nowMs)
    );
  }

  /** Adds up for ever: a conflict that flickers is one. */
  #lookAtConflicts(passedMs: number): Trip | null {
    for (let i = 0; i < this.#channels.length; i++) {
      const { phase, foes } = this.#channels[i] as MonitorChannel;
      if (!this.#moves(i)) continue;
      const foe = foes.find((other) => this.#moves(other));
      if (foe === undefined) continue;
      this.#conflictMs += passedMs;
      if (this.#conflictMs < CONFLICT_MS) return null;
      return { reason: 'conflict', phases: [phase, (this.#channels[foe] as MonitorChannel).phase] };
    }
    return null;
  }

  /** Green, walk, or yellow. Main roads that flash yellow do not conflict with each other. */
  #moves(index: number): boolean {
    return ((this.#memory[index] as Memory).lamps & (LAMP_GREEN | LAMP_YELLOW)) !== 0;
  }

  #lookAtBeat(nowMs: number, beat: number): Trip | null {
    if (beat !== this.#beat) {
      this.#beat = beat;
      this.#beatMs = nowMs;
    }
    return nowMs - this.#beatMs >= WATCHDOG_MS ? { reason: 'watchdog', phases: [] } : null;
  }

  #lookAtChannels(nowMs: number, passedMs: number, lamps: Uint8Array): Trip | null {
    for (let i = 0; i < this.#channels.length; i++) {
      const channel = this.#channels[i] as MonitorChannel;
      const memory = this.#memory[i] as Memory;
      const before = memory.lamps;
      const shown = lamps[i] ?? 0;
      memory.darkMs = before === 0 ? memory.darkMs + passedMs : 0;
      if (SEVERAL_LAMPS.has(before)) memory.dualMs += passedMs;
      memory.yellowMs = (before & LAMP_YELLOW) !== 0 ? memory.yellowMs + passedMs : memory.yellowMs;
      memory.lamps = shown;
      const phases = [channel.phase];
      if (memory.darkMs >= RED_FAIL_MS && !channel.isCrossing) return { reason: 'redFail', phases };
      if (memory.dualMs >= DUAL_MS) return { reason: 'dualIndication', phases };
      if ((before & LAMP_GREEN) !== 0 && (shown & LAMP_GREEN) === 0) {
        memory.greenEndMs = nowMs;
        memory.yellowMs = 0;
      }
      if (!channel.isCrossing && this.#isYellowShort(channel, memory, nowMs)) return { reason: 'shortYellow', phases };
    }
    return null;
  }

  /** After green only yellow may follow, for as long as the approach needs. */
  #isYellowShort({ stopMinMs }: MonitorChannel, memory: Memory, nowMs: number): boolean {
    if (nowMs - memory.greenEndMs > stopMinMs || (memory.lamps & LAMP_YELLOW) !== 0) return false;
    return memory.yellowMs < stopMinMs - TOLERANCE_MS;
  }

  /** Who becomes green must find every foe cleared. */
  #lookAtClearance(nowMs: number): Trip | null {
    for (let i = 0; i < this.#channels.length; i++) {
      const { phase, foes } = this.#channels[i] as MonitorChannel;
      if (((this.#memory[i] as Memory).lamps & LAMP_GREEN) === 0) continue;
      for (const other of foes) {
        const foe = this.#channels[other] as MonitorChannel;
        const { greenEndMs } = this.#memory[other] as Memory;
        if (nowMs - greenEndMs < foe.stopMinMs + foe.clearMinMs - TOLERANCE_MS)
          return { reason: 'shortClearance', phases: [phase, foe.phase] };
      }
    }
    return null;
  }

  /** The flash that the monitor shows by itself: yellow to main roads, red to all others, nothing to people on foot; never green. */
  flashLamps(nowMs: number): Uint8Array {
    const isLit = nowMs % (2 * BLINK_MS) < BLINK_MS;
    return Uint8Array.from(this.#channels, ({ isCrossing, flashesYellow }) => {
      if (isCrossing || !isLit) return 0;
      return flashesYellow ? LAMP_YELLOW : LAMP_RED;
    });
  }
}

function readLatch(latch: Latch): Trip | null {
  try {
    return latch.read();
  } catch {
    return { reason: 'unreadable', phases: [] };
  }
}
