/** The hours by which a town lives: mean solar time of its longitude, so that they depend on no machine's time zone. */

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
const DEGREES_AN_HOUR = 15;

/** Milliseconds of local time since 1970-01-01T00:00 there. */
export function localMs(timeMs: number, lon: number): number {
  return timeMs + (lon / DEGREES_AN_HOUR) * HOUR_MS;
}

/** The local day, counted from 1970-01-01 (a Thursday). */
export function localDay(timeMs: number, lon: number): number {
  return Math.floor(localMs(timeMs, lon) / DAY_MS);
}

/** The local hour of day with its fraction. */
export function localHour(timeMs: number, lon: number): number {
  return (localMs(timeMs, lon) / HOUR_MS) % 24;
}

/** When an hour of a local day begins, as town time. */
export function timeOfDay(day: number, hour: number, lon: number): number {
  return day * DAY_MS + (hour - lon / DEGREES_AN_HOUR) * HOUR_MS;
}

/** 1 at `peak`, falling off like a bell with this width, around the clock. */
export function bell(hour: number, peak: number, widthHours: number): number {
  const away = Math.abs(((hour - peak + 36) % 24) - 12);
  return Math.exp(-((away / widthHours) ** 2));
}
