/** Curves of a day that several kinds of devices share, so that neighbours tell one story. */

import { smoothNoise, uniform } from '../noise.ts';

/** A moment as a device sees it: POSIX time, and the local hour of day with its fraction. */
export type Moment = { readonly timeMs: number; readonly hour: number };

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** 1 at `peak`, falling off like a bell with this width, around the clock. */
export function bell(hour: number, peak: number, widthHours: number): number {
  const away = Math.abs(((hour - peak + 36) % 24) - 12);
  return Math.exp(-((away / widthHours) ** 2));
}

/** Light of the sky: 0 at night, 1 at noon, dusk and dawn of about an hour. */
export function daylight(hour: number): number {
  const height = Math.sin((Math.PI * (hour - 6.5)) / 12);
  return Math.min(1, Math.max(0, height * 1.4 + 0.12));
}

/** How full a road is, from 0.01 to 1: peaks at 8 and 17 o'clock. `road` is a seed that all devices of a road have in common. */
export function roadLoad(road: number, { timeMs, hour }: Moment): number {
  const busy = 0.08 + 0.8 * bell(hour, 8, 1.6) + 0.9 * bell(hour, 17, 2.2) + 0.45 * bell(hour, 12.5, 4);
  const load = busy * (0.7 + 0.3 * uniform(road, 1)) + 0.08 * smoothNoise(road, timeMs, 5 * MINUTE_MS);
  return Math.min(1, Math.max(0.01, load));
}

/** The value with so many decimals. */
export function round(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  return Math.round(value * scale) / scale;
}
