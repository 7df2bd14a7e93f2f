/**
 * A lighting programme (specs/lighting.md §3): what a zone's lamps do at every hour of every year, without anybody's order. It is the zone
 * document `programme`, so two engineers sign it where the zone wants two, and every lamp and the ledger read the same bytes.
 */

import type { Bytes } from './bytes.ts';
import { id, parseBy, timeMs } from './common-schemas.ts';
import { type Rejection, reject } from './errors.ts';
import { frozenLimitsSchema } from './frozen-values.ts';
import { CLASSES_BELOW_MAX, LIGHTING_CLASS_NAMES, LIGHTING_CLASSES } from './lighting-classes.ts';
import { levelForClass } from './lighting-level.ts';
import { type Infer, list, oneOf, optional, struct, text, uint } from './schema.ts';

/** The name of the zone document. */
export const LIGHTING_PROGRAMME = 'programme';

const DAY_MINUTES = 1_440;
const minuteOfDay = () => uint({ max: DAY_MINUTES - 1 });
const steps = () => uint({ max: CLASSES_BELOW_MAX });
const permille = (min = 0) => uint({ min, max: 1_000 });

/** A sensor of a device by its name; its newest value is what the ledger has in state and what lamps are told. */
const sensorSchema = struct({ device: id(), name: text(64) });

/** Vehicles per hour against what the road can carry: below `low` ‰ little, below `high` ‰ moderate traffic, and so many classes below. */
const trafficSchema = struct({
  sensor: sensorSchema,
  capacity: uint({ min: 1, max: 1_000_000 }),
  low: permille(1),
  high: permille(1),
  belowWhenLow: steps(),
  belowWhenModerate: steps(),
  /** A detector that says one number for longer than this is lost; without it, it is believed for as long as it speaks. */
  frozen: optional(frozenLimitsSchema),
});

/** 0 dry, 1 wet, 2 fog or snow. Wet roads shine and fog swallows light: classes are raised again, never above the normal one. */
const weatherSchema = struct({ sensor: sensorSchema, raiseWhenWet: steps(), raiseWhenFog: steps() });

/** Light of the surroundings at night (windows, signs, snow): below `dark` mlx the eye needs less from the lamps. */
const ambientSchema = struct({ sensor: sensorSchema, dark: uint({ min: 1, max: 1_000_000 }), belowWhenDark: steps() });

const sectionSchema = struct({
  name: text(64),
  /** A crossing keeps its own class whatever happens. */
  kind: oneOf('road', 'crossing'),
  /** The class of the busiest hour. */
  class: oneOf(...LIGHTING_CLASS_NAMES),
  /** How many lamps light it: an order that dims must reach them together. */
  lampCount: uint({ min: 1, max: 65_536 }),
  /** At 100 % and new: average in mcd/m² or mlx, and the darkest point in mlx. */
  fullAverage: uint({ min: 1, max: 1_000_000 }),
  fullLeast: uint({ max: 1_000_000 }),
  /** What of it is left when lamps are old and dirty. */
  maintained: permille(300),
  traffic: optional(trafficSchema),
  /** Hours of local time with classes below the normal one; they may go past midnight. */
  hours: list(struct({ fromMinute: minuteOfDay(), minutes: uint({ min: 1, max: DAY_MINUTES }), below: steps() }), {
    max: 24,
    order: (a, b) => a.fromMinute - b.fromMinute,
  }),
});
export type LightingSection = Infer<typeof sectionSchema>;

export const lightingProgrammeSchema = struct({
  version: uint({ min: 1, max: 1 }),
  /** Local time: from a moment on, so many minutes ahead of UTC. */
  clock: list(struct({ fromMs: timeMs(), aheadMinutes: uint({ min: -840, max: 840 }) }), {
    min: 1,
    max: 128,
    order: (a, b) => a.fromMs - b.fromMs,
  }),
  /** Dusk and dawn in minutes of the UTC day, from a day of the year on until the next entry. */
  nights: list(struct({ fromDay: uint({ min: 1, max: 366 }), duskMinute: minuteOfDay(), dawnMinute: minuteOfDay() }), {
    min: 1,
    max: 64,
    order: (a, b) => a.fromDay - b.fromDay,
  }),
  /** So long before and after dusk and dawn a lamp's own photocell decides. */
  twilightMinutes: uint({ min: 1, max: 180 }),
  /** The photocell says dark below `on` mlx and light above `off`. */
  photocell: struct({ on: uint({ min: 1, max: 1_000_000 }), off: uint({ min: 1, max: 1_000_000 }) }),
  weather: optional(weatherSchema),
  ambient: optional(ambientSchema),
  /** How fast a level may change, in ‰ a second. */
  ramp: struct({ up: permille(1), down: permille(1) }),
  /** Within so many seconds of a reading or an hour that asks for more light, lamps give it. */
  settleS: uint({ min: 1, max: 600 }),
  /** Less light only after less was enough for so long. */
  holdS: uint({ max: 7_200 }),
  /** A sensor or link that was silent for so long is lost. */
  freshS: uint({ min: 1, max: 86_400 }),
  sections: list(sectionSchema, { min: 1, max: 64 }),
});
export type LightingProgramme = Infer<typeof lightingProgrammeSchema>;

/** Parses the body of the document and checks it: throws FormatError for bytes that are no programme, returns a Rejection for a wrong one. */
export function parseLightingProgramme(body: Bytes): LightingProgramme | Rejection {
  const programme = parseBy(lightingProgrammeSchema, body);
  return checkLightingProgramme(programme) ?? programme;
}

/**
 * Refuses a programme that contradicts itself or the classes; `at` says where, the other details what it has and needs. In this order:
 * LIGHT_NIGHT_INVALID, LIGHT_THRESHOLDS_REVERSED, LIGHT_STEPS_REVERSED, LIGHT_RAMP_SLOW, then section by section LIGHT_CROSSING_LOWERED,
 * LIGHT_HOURS_OVERLAP, LIGHT_THRESHOLDS_REVERSED, LIGHT_STEPS_REVERSED, LIGHT_CLASS_UNREACHED.
 */
export function checkLightingProgramme(programme: LightingProgramme): Rejection | null {
  return checkNights(programme) ?? checkChanges(programme) ?? checkSections(programme);
}

/** Night and day must both be longer than the two twilights that they share. */
function checkNights({ nights, twilightMinutes, settleS, photocell }: LightingProgramme): Rejection | null {
  for (const [i, { duskMinute, dawnMinute }] of nights.entries()) {
    const nightMinutes = (dawnMinute - duskMinute + DAY_MINUTES) % DAY_MINUTES;
    const shorter = Math.min(nightMinutes, DAY_MINUTES - nightMinutes);
    if (shorter <= 2 * twilightMinutes)
      return reject('LIGHT_NIGHT_INVALID', { at: `nights/${i}`, minutes: shorter, twilightMinutes });
  }
  if (settleS > twilightMinutes * 60) return reject('LIGHT_NIGHT_INVALID', { at: 'settleS', settleS, twilightMinutes });
  const { on, off } = photocell;
  return on < off ? null : reject('LIGHT_THRESHOLDS_REVERSED', { at: 'photocell', on, off });
}

function checkHours({ hours }: LightingSection, at: string): Rejection | null {
  const [first] = hours;
  for (const [i, { fromMinute, minutes }] of hours.entries()) {
    const next = hours[i + 1]?.fromMinute ?? (first?.fromMinute ?? 0) + DAY_MINUTES;
    if (fromMinute + minutes > next)
      return reject('LIGHT_HOURS_OVERLAP', { at: `${at}/hours/${i}`, minutes, free: next - fromMinute });
  }
  return null;
}

function checkChanges({ weather, ramp, settleS }: LightingProgramme): Rejection | null {
  if (weather !== undefined && weather.raiseWhenFog < weather.raiseWhenWet)
    return reject('LIGHT_STEPS_REVERSED', { at: 'weather' });
  const needsS = Math.ceil(1_000 / ramp.up);
  return needsS <= settleS ? null : reject('LIGHT_RAMP_SLOW', { at: 'ramp/up', needsS, settleS });
}

function checkSections({ sections }: LightingProgramme): Rejection | null {
  for (const [i, section] of sections.entries()) {
    const refused = checkSection(section, `sections/${i}`);
    if (refused !== null) return refused;
  }
  return null;
}

function checkSection(section: LightingSection, at: string): Rejection | null {
  const { kind, traffic, hours } = section;
  if (kind === 'crossing' && traffic !== undefined) return reject('LIGHT_CROSSING_LOWERED', { at: `${at}/traffic` });
  if (kind === 'crossing' && hours.length > 0) return reject('LIGHT_CROSSING_LOWERED', { at: `${at}/hours` });
  const overlap = checkHours(section, at);
  if (overlap !== null) return overlap;
  if (traffic !== undefined) {
    const { low, high, belowWhenLow, belowWhenModerate } = traffic;
    if (low >= high) return reject('LIGHT_THRESHOLDS_REVERSED', { at: `${at}/traffic`, low, high });
    if (belowWhenLow < belowWhenModerate)
      return reject('LIGHT_STEPS_REVERSED', { at: `${at}/traffic`, belowWhenLow, belowWhenModerate });
  }
  const needs = levelForClass(section, section.class);
  if (needs <= 1_000) return null;
  const { average, least } = LIGHTING_CLASSES[section.class];
  const { fullAverage, fullLeast, maintained } = section;
  const facts = { class: section.class, average, least, fullAverage, fullLeast, maintained };
  return reject('LIGHT_CLASS_UNREACHED', { at: `${at}/class`, ...facts });
}
