/** A small zone for tests of street lighting: a main road, a street for people on foot, a crossing. */

import type { LightSituation } from '@oppidum/formats/lighting-level';
import type { LightingProgramme, LightingSection } from '@oppidum/formats/lighting-programme';
import { namedId } from './ledger.ts';

/** 2026-01-15T00:00:00Z: deep night in `PROGRAMME`. */
export const MIDNIGHT_MS = 1_768_435_200_000;
export const NOON_MS: number = MIDNIGHT_MS + 12 * 3_600_000;

const NIGHT_HOURS = [
  { fromMinute: 60, minutes: 240, below: 1 },
  { fromMinute: 23 * 60, minutes: 120, below: 1 },
];

export const MAIN_ROAD: LightingSection = {
  name: 'Main Road',
  kind: 'road',
  class: 'M3',
  lampCount: 40,
  fullAverage: 1_300,
  fullLeast: 0,
  maintained: 850,
  traffic: {
    sensor: { device: namedId('loop'), name: 'flow' },
    capacity: 1_600,
    low: 150,
    high: 450,
    belowWhenLow: 2,
    belowWhenModerate: 1,
  },
  hours: NIGHT_HOURS,
};
const PATH: LightingSection = {
  name: 'Mill Path',
  kind: 'road',
  class: 'P3',
  lampCount: 20,
  fullAverage: 9_500,
  fullLeast: 2_000,
  maintained: 850,
  hours: NIGHT_HOURS,
};
const CROSSING: LightingSection = {
  name: 'School crossing',
  kind: 'crossing',
  class: 'C2',
  lampCount: 4,
  fullAverage: 26_000,
  fullLeast: 0,
  maintained: 850,
  hours: [],
};

/** Dusk at 16:00 and dawn at 07:00 UTC in winter, 20:00 and 03:00 in summer; one hour ahead of UTC. */
export const PROGRAMME: LightingProgramme = {
  version: 1,
  clock: [{ fromMs: 0, aheadMinutes: 60 }],
  nights: [
    { fromDay: 1, duskMinute: 16 * 60, dawnMinute: 7 * 60 },
    { fromDay: 90, duskMinute: 20 * 60, dawnMinute: 3 * 60 },
    { fromDay: 270, duskMinute: 16 * 60, dawnMinute: 7 * 60 },
  ],
  twilightMinutes: 30,
  photocell: { on: 35_000, off: 50_000 },
  weather: { sensor: { device: namedId('station'), name: 'road' }, raiseWhenWet: 1, raiseWhenFog: 2 },
  ambient: { sensor: { device: namedId('station'), name: 'ambient' }, dark: 300, belowWhenDark: 1 },
  ramp: { up: 50, down: 10 },
  settleS: 30,
  holdS: 900,
  freshS: 900,
  sections: [MAIN_ROAD, PATH, CROSSING],
};

/** A dry night in a lit street, with nothing lost. */
export const CALM: LightSituation = { timeMs: MIDNIGHT_MS, isDark: true, traffic: 0, weather: 0, ambientMlx: 1_000 };
