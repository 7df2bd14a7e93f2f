/**
 * How much light a section needs (specs/lighting.md §4): the class that traffic, weather, hour and the light around make of its normal one,
 * and the smallest level that gives it. Lamps, the ledger and whoever checks afterwards compute the same whole numbers.
 */

import { CLASSES_BELOW_MAX, classBelow, LIGHTING_CLASSES, type LightingClassName } from './lighting-classes.ts';
import type { LightingProgramme, LightingSection } from './lighting-programme.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** All that a lamp can give, and what it gives when it does not know better. */
export const FULL_LEVEL = 1_000;

/** What is known at a moment; null: a clock, sensor or link is lost. Values that cannot be are lost as well. */
export type LightSituation = {
  readonly timeMs: number | null;
  /** What the photocell says of the sky. */
  readonly isDark: boolean | null;
  /** Vehicles an hour. */
  readonly traffic: number | null;
  /** 0 dry, 1 wet, 2 fog or snow. */
  readonly weather: number | null;
  readonly ambientMlx: number | null;
};

/** By the clock: `unknown` without one. */
export type LightPhase = 'day' | 'twilight' | 'night' | 'unknown';

export type LightDemand = {
  readonly phase: LightPhase;
  readonly class: LightingClassName;
  /** ‰ of the full luminous flux: 0 when the lamps are to be off. */
  readonly level: number;
  /** Why it is full light: the first thing that is lost. */
  readonly lost: 'clock' | 'photocell' | 'traffic' | 'weather' | 'ambient' | null;
};

/** The smallest level, in ‰, at which old and dirty lamps give the light of a class; above 1,000 when they cannot. */
export function levelForClass(section: LightingSection, name: LightingClassName): number {
  const { average, least } = LIGHTING_CLASSES[name];
  const { fullAverage, fullLeast, maintained } = section;
  const share = (needs: number, full: number): number => (needs === 0 ? 0 : Math.ceil((needs * 1_000_000) / (full * maintained)));
  return Math.max(share(average, fullAverage), share(least, fullLeast));
}

/** What a section needs. Off by day; whatever is lost makes it full light whenever the lamps are on. */
export function lightDemand(programme: LightingProgramme, section: LightingSection, now: LightSituation): LightDemand {
  const phase = now.timeMs === null ? 'unknown' : phaseAt(programme, now.timeMs);
  if (!isLit(phase, now.isDark)) return { phase, class: section.class, level: 0, lost: null };
  const lost = firstLost(programme, section, now);
  if (lost !== null) return { phase, class: section.class, level: FULL_LEVEL, lost };
  const name = classBelow(section.class, stepsBelow(programme, section, now));
  return { phase, class: name, level: levelForClass(section, name), lost };
}

/** At night always, by day never; between them, and without a clock, when the photocell says dark or nothing. */
function isLit(phase: LightPhase, isDark: boolean | null): boolean {
  if (phase === 'day' || phase === 'night') return phase === 'night';
  return isDark ?? true;
}

function firstLost(programme: LightingProgramme, { traffic }: LightingSection, now: LightSituation): LightDemand['lost'] {
  if (now.timeMs === null) return 'clock';
  if (now.isDark === null) return 'photocell';
  if (traffic !== undefined && !isPossible(now.traffic)) return 'traffic';
  if (programme.weather !== undefined && !isPossible(now.weather, 2)) return 'weather';
  return programme.ambient !== undefined && !isPossible(now.ambientMlx) ? 'ambient' : null;
}

function isPossible(value: number | null, max: number = Number.MAX_SAFE_INTEGER): value is number {
  return value !== null && Number.isSafeInteger(value) && value >= 0 && value <= max;
}

/** Only after `firstLost` found nothing. */
function stepsBelow(programme: LightingProgramme, section: LightingSection, now: LightSituation): number {
  if (section.kind === 'crossing') return 0;
  const down =
    belowByTraffic(section, now.traffic ?? 0) +
    belowByHour(programme, section, now.timeMs ?? 0) +
    belowByAmbient(programme, now.ambientMlx ?? 0);
  return Math.max(0, Math.min(down, CLASSES_BELOW_MAX) - raiseByWeather(programme, now.weather ?? 0));
}

function belowByTraffic({ traffic }: LightingSection, vehicles: number): number {
  if (traffic === undefined) return 0;
  const share = Math.floor((vehicles * 1_000) / traffic.capacity);
  if (share < traffic.low) return traffic.belowWhenLow;
  return share < traffic.high ? traffic.belowWhenModerate : 0;
}

function belowByHour({ clock }: LightingProgramme, { hours }: LightingSection, timeMs: number): number {
  const { aheadMinutes } = clock.findLast(({ fromMs }) => fromMs <= timeMs) ?? (clock[0] as LightingProgramme['clock'][0]);
  const minute = Math.floor(positiveRest(timeMs + aheadMinutes * MINUTE_MS, DAY_MS) / MINUTE_MS);
  const hour = hours.find(({ fromMinute, minutes }) => positiveRest(minute - fromMinute, 1_440) < minutes);
  return hour?.below ?? 0;
}

function belowByAmbient({ ambient }: LightingProgramme, mlx: number): number {
  return ambient !== undefined && mlx < ambient.dark ? ambient.belowWhenDark : 0;
}

function raiseByWeather({ weather }: LightingProgramme, state: number): number {
  if (weather === undefined || state === 0) return 0;
  return state === 1 ? weather.raiseWhenWet : weather.raiseWhenFog;
}

/** By dusk and dawn of the programme; a twilight reaches from before to after each. */
export function phaseAt({ nights, twilightMinutes }: LightingProgramme, timeMs: number): LightPhase {
  const day = dayOfYear(Math.floor(timeMs / DAY_MS));
  const night = nights.findLast(({ fromDay }) => fromDay <= day) ?? (nights.at(-1) as LightingProgramme['nights'][0]);
  const twilightMs = twilightMinutes * MINUTE_MS;
  const darkMs = positiveRest(night.dawnMinute - night.duskMinute, 1_440) * MINUTE_MS;
  const sinceMs = positiveRest(timeMs - night.duskMinute * MINUTE_MS + twilightMs, DAY_MS);
  if (sinceMs < 2 * twilightMs) return 'twilight';
  if (sinceMs < darkMs) return 'night';
  return sinceMs < darkMs + 2 * twilightMs ? 'twilight' : 'day';
}

/** 1 to 366, of a day counted from 1970-01-01: by years that begin in March, so that a leap day is the last of its year. */
function dayOfYear(day: number): number {
  // 719,468 days lie between 0000-03-01 and 1970-01-01; the calendar repeats every 146,097 days (400 years).
  const rest = positiveRest(day + 719_468, 146_097);
  const leapDays = Math.floor(rest / 1_460) - Math.floor(rest / 36_524) + Math.floor(rest / 146_096);
  const year = Math.floor((rest - leapDays) / 365);
  const sinceMarch = rest - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year === 0);
  return sinceMarch >= 306 ? sinceMarch - 305 : sinceMarch + 60 + (isLeap ? 1 : 0);
}

function positiveRest(value: number, by: number): number {
  return ((value % by) + by) % by;
}
