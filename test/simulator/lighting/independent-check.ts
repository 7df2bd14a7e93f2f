/**
 * Was the street ever darker than its class? Found by none of the code that drives lamps: class values typed once more from the standard in
 * cd/m² and lx, local time by the calendar of the operating system, darkness from the sky itself, light from the level in plain numbers.
 */

import type { LightingProgramme, LightingSection } from '@oppidum/formats/lighting-programme';

/** EN 13201-2: [average in cd/m² or lx, darkest point in lx], from the brightest class of a family to its darkest. */
const FAMILIES: Readonly<Record<string, readonly (readonly [string, number, number])[]>> = {
  M: [
    ['M1', 2, 0],
    ['M2', 1.5, 0],
    ['M3', 1, 0],
    ['M4', 0.75, 0],
    ['M5', 0.5, 0],
    ['M6', 0.3, 0],
  ],
  C: [
    ['C0', 50, 0],
    ['C1', 30, 0],
    ['C2', 20, 0],
    ['C3', 15, 0],
    ['C4', 10, 0],
    ['C5', 7.5, 0],
  ],
  P: [
    ['P1', 15, 3],
    ['P2', 10, 2],
    ['P3', 7.5, 1.5],
    ['P4', 5, 1],
    ['P5', 3, 0.6],
    ['P6', 2, 0.4],
  ],
};
/** Light is made of whole ‰: a thousandth of a thousandth is rounding of plain numbers and nothing else. */
const ROUNDING = 1e-9;

/** What the street was like: `lost`: the detector said nothing for longer than its readings hold. */
export type Observed = {
  readonly sinceMs: number;
  readonly vehiclesPermille: number | null;
  readonly isLost: boolean;
  readonly weather: number;
  readonly ambientLx: number;
};

const clock = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/Berlin',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** Minutes of the local day. */
export function localMinute(timeMs: number): number {
  const [hour = 0, minute = 0] = clock.format(timeMs).split(':').map(Number);
  return hour * 60 + minute;
}

/** True when `level` ‰ gives less than the street needs, by what was observed at `minute` of the local day. */
export function isTooDark(
  section: LightingSection,
  programme: LightingProgramme,
  seen: Observed,
  minute: number,
  level: number,
): boolean {
  if (seen.isLost) return level < 1_000;
  const family = FAMILIES[section.class[0] ?? ''] ?? [];
  const normal = family.findIndex(([name]) => name === section.class);
  const [, average = Number.POSITIVE_INFINITY, least = 0] =
    family[Math.min(family.length - 1, normal + classesBelow(section, programme, seen, minute))] ?? [];
  const share = (level / 1_000) * (section.maintained / 1_000) * (1 + ROUNDING);
  return (section.fullAverage / 1_000) * share < average || (section.fullLeast / 1_000) * share < least;
}

function classesBelow(section: LightingSection, programme: LightingProgramme, seen: Observed, minute: number): number {
  if (section.kind === 'crossing') return 0;
  let below = 0;
  if (section.traffic !== undefined) {
    const percent = (seen.vehiclesPermille ?? 1_000) / 10;
    if (percent < section.traffic.low / 10) below += section.traffic.belowWhenLow;
    else if (percent < section.traffic.high / 10) below += section.traffic.belowWhenModerate;
  }
  for (const hour of section.hours) {
    const since = (minute - hour.fromMinute + 1_440) % 1_440;
    if (since < hour.minutes) below += hour.below;
  }
  if (programme.ambient !== undefined && seen.ambientLx < programme.ambient.dark / 1_000)
    below += programme.ambient.belowWhenDark;
  below = Math.min(2, below);
  if (programme.weather !== undefined && seen.weather === 1) below -= programme.weather.raiseWhenWet;
  if (programme.weather !== undefined && seen.weather === 2) below -= programme.weather.raiseWhenFog;
  return Math.max(0, below);
}
