/**
 * The lamp's own judge (specs/lighting.md §7): how much light the street needs at least, found by other code than the programme's, and a
 * veto of orders that would give less. It shares shapes and class values with the controller, no reasoning: what one gets wrong, the other
 * catches. A test holds both together over all situations.
 */

import { type Rejection, reject } from '@oppidum/formats/errors';
import { LIGHTING_CLASSES } from '@oppidum/formats/lighting-classes';
import type { LightSituation } from '@oppidum/formats/lighting-level';
import type { LightCommand } from '@oppidum/formats/lighting-orders';
import type { LightingProgramme, LightingSection } from '@oppidum/formats/lighting-programme';

const MINUTES_OF_DAY = 1_440;
const CLASSES = Object.entries(LIGHTING_CLASSES);

/** ‰ that the lamp must give at this moment; 0 when it may be off, 1,000 when anything that the programme asks for is missing. */
export function leastLevel(programme: LightingProgramme, section: LightingSection, now: LightSituation): number {
  if (!mustBurn(programme, now)) return 0;
  const { traffic } = section;
  const asked: readonly (number | null)[] = [
    now.timeMs,
    now.isDark === null ? null : 0,
    traffic === undefined ? 0 : now.traffic,
    programme.weather === undefined ? 0 : now.weather,
    programme.ambient === undefined ? 0 : now.ambientMlx,
  ];
  if (asked.some((value) => value === null || value < 0 || value % 1 !== 0) || (programme.weather && (now.weather ?? 3) > 2))
    return 1_000;
  return Math.min(1_000, leastOfClass(section, allowance(programme, section, now)));
}

/** Whether a dark lamp would be wrong: sure night, or twilight (or no clock) unless the photocell sees light. */
function mustBurn({ nights, twilightMinutes }: LightingProgramme, { timeMs, isDark }: LightSituation): boolean {
  if (timeMs === null) return isDark !== false;
  const date = new Date(timeMs);
  const dayNumber =
    1 +
    (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000;
  let { duskMinute, dawnMinute } = nights[nights.length - 1] as (typeof nights)[0];
  for (const entry of nights) if (entry.fromDay <= dayNumber) ({ duskMinute, dawnMinute } = entry);
  const minute = (timeMs / 60_000) % MINUTES_OF_DAY;
  const apart = (a: number): number =>
    Math.min((minute - a + 2 * MINUTES_OF_DAY) % MINUTES_OF_DAY, (a - minute + 2 * MINUTES_OF_DAY) % MINUTES_OF_DAY);
  // The edge of a twilight belongs to what follows it.
  const isNear = [duskMinute, dawnMinute].some(
    (edge) => apart(edge) < twilightMinutes || (minute - edge + twilightMinutes) % MINUTES_OF_DAY === 0,
  );
  if (isNear) return isDark !== false;
  return duskMinute < dawnMinute ? minute > duskMinute && minute < dawnMinute : minute > duskMinute || minute < dawnMinute;
}

/** How many classes below the normal one the street may be now. */
function allowance(programme: LightingProgramme, section: LightingSection, now: LightSituation): number {
  if (section.kind !== 'road') return 0;
  let allowed = 0;
  const { traffic } = section;
  if (traffic !== undefined) {
    const vehicles = (now.traffic ?? Number.POSITIVE_INFINITY) * 1_000;
    if (vehicles < traffic.low * traffic.capacity) allowed += traffic.belowWhenLow;
    else if (vehicles < traffic.high * traffic.capacity) allowed += traffic.belowWhenModerate;
  }
  if (programme.ambient !== undefined && (now.ambientMlx ?? Number.POSITIVE_INFINITY) < programme.ambient.dark)
    allowed += programme.ambient.belowWhenDark;
  allowed += allowedByHour(programme, section, now.timeMs ?? 0);
  if (allowed > 2) allowed = 2;
  if (programme.weather !== undefined && now.weather === 1) allowed -= programme.weather.raiseWhenWet;
  if (programme.weather !== undefined && now.weather === 2) allowed -= programme.weather.raiseWhenFog;
  return allowed < 0 ? 0 : allowed;
}

function allowedByHour({ clock }: LightingProgramme, { hours }: LightingSection, timeMs: number): number {
  let ahead = clock[0]?.aheadMinutes ?? 0;
  for (const change of clock) if (change.fromMs <= timeMs) ahead = change.aheadMinutes;
  const local = new Date(timeMs + ahead * 60_000);
  const minute = local.getUTCHours() * 60 + local.getUTCMinutes();
  for (const { fromMinute, minutes, below } of hours) {
    const isToday = minute >= fromMinute && minute < fromMinute + minutes;
    if (isToday || minute + MINUTES_OF_DAY < fromMinute + minutes) return below;
  }
  return 0;
}

/** Classes of a family stand in order of their light; the answer is the least ‰ that gives the class. */
function leastOfClass(section: LightingSection, allowed: number): number {
  let at = CLASSES.findIndex(([name]) => name === section.class);
  for (let steps = allowed; steps > 0 && CLASSES[at + 1]?.[1].family === CLASSES[at]?.[1].family; steps--) at++;
  const [, needed] = CLASSES[at] as (typeof CLASSES)[0];
  // Light at a level, and what is needed, in the same unit: millionths of what stands in the class.
  const isEnough = (level: number): boolean =>
    section.fullAverage * section.maintained * level >= needed.average * 1e6 &&
    section.fullLeast * section.maintained * level >= needed.least * 1e6;
  let [dark, bright] = [-1, 1_000];
  while (bright - dark > 1) {
    const middle = Math.floor((dark + bright) / 2);
    if (isEnough(middle)) bright = middle;
    else dark = middle;
  }
  return bright;
}

/** Refuses an order that would leave the street darker than it needs now: LIGHT_BY_DAY, LIGHT_BELOW_CLASS. */
export function checkLightVeto(
  command: LightCommand,
  programme: LightingProgramme,
  section: LightingSection,
  now: LightSituation,
): Rejection | null {
  if (command.name !== 'level') return null;
  const needs = leastLevel(programme, section, now);
  const mayBeOff = needs === 0 && !mustBurn(programme, { ...now, isDark: true });
  if (mayBeOff) return reject('LIGHT_BY_DAY', { section: section.name });
  if (command.percent * 10 >= needs) return null;
  return reject('LIGHT_BELOW_CLASS', { section: section.name, percent: command.percent, leastPercent: Math.ceil(needs / 10) });
}
