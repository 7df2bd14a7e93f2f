/**
 * Times of a traffic signal from the street, in exact integers (specs/signals.md §2): equal on every machine.
 * Every result is a whole number of steps of 100 ms and never shorter than the formula.
 */

/** Everything a signal does begins and ends on such a step. */
export const SIGNAL_STEP_MS = 100;

/** The bounds of specs/signals.md §2. */
export const SIGNAL_BOUNDS = {
  yellowMinMs: 3_000,
  yellowMaxMs: 6_000,
  redClearanceMaxMs: 6_000,
  walkMinMs: 7_000,
  shortWalkMinMs: 4_000,
  bufferMinMs: 3_000,
  /** All phases stand red at least so long when the signals leave flash. */
  allRedMs: 6_000,
  /** How long a tram or an emergency may hold its stage. */
  holdMaxMs: 180_000,
} as const;

export type RoadClass = 'major' | 'minor' | 'local' | 'left';

/** Minimum green by class of road: least and most. */
export const GREEN_MINIMUM_MS: Readonly<Record<RoadClass, readonly [least: number, most: number]>> = {
  major: [7_000, 15_000],
  minor: [4_000, 10_000],
  local: [2_000, 10_000],
  left: [2_000, 5_000],
};

/**
 * Yellow in milliseconds: Y = 1.0 + 0.733·S/(10 + 0.32·G) s, S in mph, G in percent (downhill below zero), rounded up to half a
 * second, at least 3 and at most 6 s. In half seconds Y is 2 + 1,466·S/(10,000 + 320·G).
 */
export function yellowNeeded(speedMph: number, gradePercent: number): number {
  const halves = 2 + Math.ceil((1_466 * speedMph) / (10_000 + 320 * gradePercent));
  return Math.min(SIGNAL_BOUNDS.yellowMaxMs, Math.max(SIGNAL_BOUNDS.yellowMinMs, 500 * halves));
}

/** Red clearance in milliseconds: R = (W + 20 ft)/v, v = 22/15·S ft/s, rounded up to a step. May exceed what is allowed. */
export function redClearanceNeeded(widthFt: number, speedMph: number): number {
  return SIGNAL_STEP_MS * Math.ceil(((widthFt + 20) * 150) / (22 * speedMph));
}

/** What a person on foot needs to cross, in milliseconds: width / 3.5 ft/s, rounded up to a step. */
export function crossingNeeded(widthFt: number): number {
  return SIGNAL_STEP_MS * Math.ceil((widthFt * 20) / 7);
}
