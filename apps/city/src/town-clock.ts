/**
 * The clock of the town. At speed 1 it begins as everyone's; at a higher speed it runs ahead. It never stands still and no moment comes
 * twice: while the town is stopped it goes on as everyone's clock, after a crash as if it had not stopped.
 */

/** Where the clock was set last: at this UTC it showed this town time, and runs so much faster from there. */
export type ClockState = { readonly speed: number; readonly townMs: number; readonly utcMs: number };

const SPEED_MAX = 1_000;

/** A whole number from 1 to 1,000. */
export function isSpeed(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= SPEED_MAX;
}

/** The clock from now on; `last`: as it was set before, null in a new town. */
export function setClock(last: ClockState | null, speed: number, utcMs: number): ClockState {
  return { speed, townMs: last === null ? utcMs : townTime(last, utcMs), utcMs };
}

/** The town's time at a moment of UTC; a machine's clock that was set back does not take the town with it. */
export function townTime({ speed, townMs, utcMs }: ClockState, nowMs: number): number {
  return townMs + Math.max(0, nowMs - utcMs) * speed;
}

/** Whether the town's clock shows UTC. */
export function isUtc({ speed, townMs, utcMs }: ClockState): boolean {
  return speed === 1 && townMs === utcMs;
}

/** When a device measures: at every `periodMs` of town time, each at its own place within it. */
export type Schedule = { readonly periodMs: number; readonly phaseMs: number };

/** The newest moment of a schedule that is not after this one. */
export function slotBefore({ periodMs, phaseMs }: Schedule, timeMs: number): number {
  return Math.floor((timeMs - phaseMs) / periodMs) * periodMs + phaseMs;
}

/**
 * How often each device measures, in town time: every `intervalMs`, unless that is more than `perSecondMax` readings of all in a second of
 * UTC; then as often as that allows, in whole seconds.
 */
export function periodOf(intervalMs: number, deviceCount: number, speed: number, perSecondMax: number): number {
  const allowedMs = (1_000 * deviceCount * speed) / perSecondMax;
  return allowedMs <= intervalMs ? intervalMs : 1_000 * Math.ceil(allowedMs / 1_000);
}
