/** Timers and clocks of services, in virtual time: the names of the globals, for whoever is told to take them from here. */

import { SimulatedProcess } from '../machine.ts';
import { type ScheduledEvent, time } from '../virtual-time.ts';

/** POSIX milliseconds at which every simulation begins: the genesis of test cities. */
export const START_MS = 1_750_000_000_000;

/** What `setTimeout` gives. */
class Timer {
  event: ScheduledEvent | null = null;

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  cancel(): void {
    if (this.event !== null) this.event.isCancelled = true;
    this.event = null;
  }
}

/** See the global of this name. */
export function setTimeout(run: () => void, delayMs = 0): Timer {
  const timer = new Timer();
  timer.event = time.after(delayMs, run);
  return timer;
}

/** See the global of this name. */
export function setInterval(run: () => void, periodMs: number): Timer {
  const timer = new Timer();
  const again = (): void => {
    timer.event = time.after(periodMs, () => {
      again();
      run();
    });
  };
  again();
  return timer;
}

/** See the global of this name. */
export function setImmediate(run: () => void): Timer {
  return setTimeout(run, 0);
}

/** See the global of this name. */
export function clearTimeout(timer?: Timer | null): void {
  timer?.cancel();
}

/** See the global of this name. */
export function clearInterval(timer?: Timer | null): void {
  timer?.cancel();
}

/** A clock that nobody sets. */
export const performance = { now: (): number => time.nowMs };

/** The time of day on the machine whose code asks; the true one where none does. */
export function clockMs(): number {
  const { owner } = time;
  return START_MS + time.nowMs + (owner instanceof SimulatedProcess ? owner.machine.clockAheadMs : 0);
}

/** See the global of this name; its `now` is the machine's clock. */
class MachineDate extends globalThis.Date {
  static override now(): number {
    return Math.floor(clockMs());
  }
}

export { MachineDate as Date };
